import { rmSync } from "node:fs";
import { join } from "node:path";
import { ServerUnavailableError, startVersity } from "@trunks/test-servers";
import { expect, onTestFinished, test, vi } from "vitest";
import { listMounts } from "../src/index.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";

test("on an S3 server: one machine goes, and another goes on from what it pushed", async (context) => {
  const server = await startVersity().catch((error) => {
    if (error instanceof ServerUnavailableError) return context.skip(error.message);
    throw error;
  });
  const sandbox = new MountSandbox();
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    sandbox.remove();
    await server.stop();
  });
  const { bucket, endpoint, region, accessKey, secretKey } = server;
  const backend = {
    url: `s3://${bucket}/team?endpoint=${encodeURIComponent(endpoint)}&region=${region}`,
    options: {},
    secrets: { accessKey, secretKey },
  };
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("TRUNKS_BACKEND_PATH", join(import.meta.dirname, "..", "..", "cli", "node_modules"));
  const first = await sandbox.mount("first", { backend });
  expect(first).toMatchObject({ created: true });
  const work = "echo one > a; git add a; git commit -qm one; git push -q && git rev-parse HEAD";
  const { stdout } = await first.localShell().exec(work);
  expect(JSON.stringify([first.url, await listMounts()])).not.toContain(secretKey);
  for (const path of ["first", "home/.local"]) rmSync(join(sandbox.path, path), { recursive: true });
  const second = await sandbox.mount("second", { backend });
  expect(second).toMatchObject({ created: false, head: stdout.trim(), adopted: false });
  const more = "echo two >> a; git commit -qam two; git push -q && git fetch -q && git status -sb";
  expect((await second.localShell().exec(more)).stdout).toBe("## main...origin/main\n");
});
