import type { RuntimeCase } from "@trunks/test-runtimes/suite";
import { ConflictError, Trunk } from "../../src/index.ts";
import { check, checkEqual, checkRefused } from "./check.ts";
import { author, type CaseContext } from "./context.ts";

async function seed({ client }: CaseContext): Promise<void> {
  await using trunk = await Trunk.openBackend(await client(), { create: true, author });
  await trunk.write("shared", "one\ntwo\nthree\nfour\nfive\n");
  await trunk.commit({ message: "first" });
  await trunk.push();
}

export const conflictCases: readonly RuntimeCase<CaseContext>[] = [
  {
    name: "of two writers the second is told what moved, and replays",
    async run(context) {
      await seed(context);
      await using one = await Trunk.openBackend(await context.client(), { author });
      await using two = await Trunk.openBackend(await context.client(), { author });
      await one.write("one", "1\n");
      const { id } = await one.commit({ message: "one" });
      await one.push();
      await two.write("two", "2\n");
      await two.commit({ message: "two" });
      const error = await checkRefused(two.push(), "CONFLICT", "a push on what moved");
      check(error instanceof ConflictError, "it is no ConflictError");
      checkEqual(error.moved[0]?.actual, id, "what it moved to");
      checkEqual((await two.push({ retry: "rebase" })).pushed, true, "the second push");
      checkEqual(
        (await two.log()).data.map(({ message }) => message),
        ["two\n", "one\n", "first\n"],
        "the history",
      );
    },
  },
  {
    name: "eight writers at once: nothing is lost",
    async run(context) {
      await seed(context);
      const names = Array.from({ length: 8 }, (_, number) => `writer-${number}`);
      await Promise.all(
        names.map(async (name) => {
          await using trunk = await Trunk.openBackend(await context.client(), { author });
          await trunk.branches.create({ name });
          await trunk.branches.switch({ name });
          await trunk.write(name, `${name}\n`);
          await trunk.commit({ message: name });
          await trunk.push();
        }),
      );
      await using reader = await Trunk.openBackend(await context.client());
      checkEqual(
        (await reader.branches.list()).data.map(({ name }) => name),
        ["main", ...names],
        "the branches",
      );
      for (const name of names) checkEqual(await reader.read(name, { ref: name }), `${name}\n`, name);
    },
  },
  {
    name: "texts are merged line by line, and conflicts are data",
    async run(context) {
      await seed(context);
      await using trunk = await Trunk.openBackend(await context.client(), { author });
      await trunk.branches.create({ name: "side" });
      await trunk.write("shared", "ONE\ntwo\nthree\nfour\nfive\n");
      await trunk.commit({ message: "above" });
      await trunk.push();
      await trunk.branches.switch({ name: "side" });
      await trunk.write("shared", "one\ntwo\nthree\nfour\nFIVE\n");
      await trunk.commit({ message: "below" });
      checkEqual((await trunk.merge("main")).conflicts, [], "the conflicts of what is apart");
      checkEqual(await trunk.read("shared"), "ONE\ntwo\nthree\nfour\nFIVE\n", "the merged text");
      await trunk.write("shared", "UN\n");
      await trunk.commit({ message: "all of it" });
      await trunk.push();
      await trunk.branches.switch({ name: "main" });
      await trunk.write("shared", "EINS\n");
      await trunk.commit({ message: "all of it, too" });
      const { conflicts } = await trunk.merge("side");
      checkEqual(
        conflicts.map(({ path }) => path),
        ["shared"],
        "the conflicts of what is not",
      );
    },
  },
];
