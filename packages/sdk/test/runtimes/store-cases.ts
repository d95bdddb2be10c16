import type { RuntimeCase } from "@trunks/test-runtimes/suite";
import { isTrunksError, Trunk, Trunks } from "../../src/index.ts";
import { check, checkEqual, checkRefused } from "./check.ts";
import { author, type CaseContext } from "./context.ts";

export const storeCases: readonly RuntimeCase<CaseContext>[] = [
  ...["sha1", "sha256"].map((format) => ({
    name: `a trunk whose packs git has made is read: ${format}`,
    async run({ client, golden }: CaseContext) {
      await using store = closing(await client());
      for (const [key, bytes] of Object.entries(golden[format] ?? {})) {
        await store.backend.put(
          key,
          Uint8Array.from(atob(bytes), (mark) => mark.charCodeAt(0)),
        );
      }
      await using trunk = await Trunk.openBackend(await client(), { branch: "topic" });
      check(((await trunk.read("poem.txt")) ?? "").startsWith("before\n"), "the poem is not the topic's");
      checkEqual(await trunk.read("README.md", { ref: "v1" }), "# Golden\n", "the file of a tag");
      check((await trunk.log()).data.length > 2, "the history is shorter than it was made");
    },
  })),
  {
    name: "a storage of the given environment is opened by the backend that was handed over",
    async run({ client }) {
      const backends = [{ schemes: ["held"], openBackend: client }];
      const options = { backends, environment: { TRUNKS_STORAGE_PRIMARY_URL: "held://here/team" }, author };
      await using writer = await Trunk.open("trunks://primary/my-app", { ...options, create: true });
      await writer.write("a", "1\n");
      await writer.commit({ message: "one" });
      await writer.push();
      await using trunks = new Trunks({ url: "trunks://primary/my-app", ...options });
      checkEqual(
        (await trunks.branches.list()).data.map(({ name }) => name),
        ["main"],
        "the branches",
      );
      await using reader = await trunks.open();
      checkEqual(await reader.read("a"), "1\n", "the file");
    },
  },
  {
    name: "signals and refusals have their codes",
    async run({ client }) {
      const error = await checkRefused(Trunk.openBackend(await client()), "NOT_FOUND", "what is no trunk");
      check(isTrunksError(error), "it is no TrunksError");
      await using trunk = await Trunk.openBackend(await client(), { create: true, author });
      await trunk.write("a", "1\n");
      await trunk.commit({ message: "one" });
      await checkRefused(trunk.push({ signal: AbortSignal.abort() }), "ABORTED", "a push that is not wanted");
      await trunk.push();
      checkEqual(await trunk.status().then(({ ahead }) => ahead), 0, "what is not pushed");
    },
  },
];

function closing(backend: Awaited<ReturnType<CaseContext["client"]>>) {
  return { backend, [Symbol.asyncDispose]: () => backend.close() };
}
