import type { RuntimeCase } from "@trunks/test-runtimes/suite";
import { Trunk } from "../../src/index.ts";
import { checkEqual } from "./check.ts";
import { author, type CaseContext } from "./context.ts";

/** What `git hash-object` and `git commit` call the same content of the same author at the same time. */
const ids = {
  sha1: { blob: "ce013625030ba8dba906f756967f9e9ca394464a", commit: "28d5e3173906eb356ad38e14c399138d4b0174c9" },
  sha256: {
    blob: "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4",
    commit: "aecd42edf6368d7be69ca8742b2f424ba1b73421336ccf1314c29da5cf5b58f7",
  },
};

export const versionCases: readonly RuntimeCase<CaseContext>[] = [
  ...(["sha1", "sha256"] as const).map((format) => ({
    name: `objects have git's ids: ${format}`,
    async run({ client }: CaseContext) {
      await using trunk = await Trunk.openBackend(await client(), { create: format, author });
      const blob = await trunk.write("hello.txt", "hello\n");
      const { id: commit } = await trunk.commit({ message: "hello" });
      checkEqual({ blob, commit }, ids[format], "the ids");
    },
  })),
  {
    name: "branches, tags, history and differences",
    async run({ client }) {
      await using trunk = await Trunk.openBackend(await client(), { create: true, author });
      for (const text of ["one", "two", "three"]) {
        await trunk.write("a", `${text}\n`);
        await trunk.commit({ message: text });
      }
      await trunk.push();
      await trunk.branches.create({ name: "agent/run-7", from: "main~1" });
      await trunk.tags.create({ name: "v1", message: "version 1" });
      await using reader = await Trunk.openBackend(await client(), { branch: "agent/run-7" });
      checkEqual(
        (await reader.log()).data.map(({ message }) => message),
        ["two\n", "one\n"],
        "the history",
      );
      checkEqual(
        (await reader.branches.list()).data.map(({ name }) => name),
        ["agent/run-7", "main"],
        "the branches",
      );
      const { data } = await reader.diff({ from: "agent/run-7", to: "v1" });
      checkEqual(
        data.map(({ kind, path }) => [kind, path]),
        [["modified", "a"]],
        "the differences",
      );
    },
  },
  {
    name: "names and messages that are no UTF-8 keep their bytes",
    async run({ client }) {
      await using writer = await Trunk.openBackend(await client(), { create: true, author });
      await writer.write("caf\udce9", "latin\n");
      await writer.commit({ message: "caf\udce9" });
      await writer.push();
      await using reader = await Trunk.openBackend(await client());
      checkEqual(await reader.read("caf\udce9"), "latin\n", "the file");
      checkEqual((await reader.log()).data[0]?.message, "caf\udce9\n", "the message");
    },
  },
];
