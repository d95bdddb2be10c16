import { bundle, programOf, startWorker, type WorkerBindings } from "@trunks/test-runtimes";
import { ServerUnavailableError, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, inject, onTestFinished, type TestContext, test } from "vitest";
import { runnableBlocks } from "./support/page-run.ts";
import { Workshop } from "./support/workshop.ts";

/** The Workers that the pages show, made of packed packages, in the runtime of Workers. */
const workshop = new Workshop();

beforeAll(async () => {
  workshop.write("package.json", `{ "private": true, "type": "module" }\n`);
  const names = ["core", "layers", "location", "repo", "sdk", "backend-local", "backend-r2", "backend-s3"] as const;
  const tarballs = inject("tarballs");
  await workshop.install(
    "",
    names.map((name) => tarballs[`@trunks/${name}`]),
  );
});
afterAll(() => workshop.remove());

/** The program on a page, as a Worker that ends with the test. */
async function serve(context: TestContext, page: string, bindings: WorkerBindings) {
  const program = (await programOf("workerd")) ?? context.skip("this machine cannot have the runtime");
  const contents = runnableBlocks(page).find(({ language }) => language === "ts")?.text ?? "";
  const { text } = await bundle("workerd", { contents, folder: workshop.path });
  const worker = await startWorker(program, text, bindings);
  onTestFinished(() => worker.stop());
  return worker;
}

test("docs/backends/r2.md: files by a binding", async (context) => {
  const worker = await serve(context, "docs/backends/r2.md", { buckets: ["CODE"] });
  const put = await worker.fetch("/task.md", { method: "PUT", body: "Fix auth\n" });
  expect(await put.text()).toMatch(/^[0-9a-f]{40}\n$/);
  expect(await (await worker.fetch("/task.md")).text()).toBe("Fix auth\n");
  expect((await worker.fetch("/nothing.md")).status).toBe(404);
});

test("docs/runtimes.md: a storage of the Worker's variables", async (context) => {
  const server = await startVersity().catch((error) => {
    if (error instanceof ServerUnavailableError) context.skip(error.message);
    throw error;
  });
  onTestFinished(() => server.stop());
  const { bucket, endpoint, region, accessKey, secretKey } = server;
  const variables = {
    TRUNKS_STORAGE_PRIMARY_URL: `s3://${bucket}?region=${region}&endpoint=${encodeURIComponent(endpoint)}`,
    TRUNKS_STORAGE_PRIMARY_ACCESS_KEY: accessKey,
    TRUNKS_STORAGE_PRIMARY_SECRET_KEY: secretKey,
  };
  const worker = await serve(context, "docs/runtimes.md", { variables });
  expect(await (await worker.fetch("/")).text()).toBe("0 branches\n");
});
