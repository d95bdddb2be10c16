import { test } from "vitest";
import { comparisons } from "./begin.ts";
import { row } from "./history.ts";
import { ask, clone, fetch, local, push } from "./step.ts";

const begin = comparisons();

test.each(["blob:none", "blob:limit=300", "tree:0", "object:type=commit", "sparse:oid=main:log.txt"])(
  "a clone filtered by %s, what it fetches later, and what it needs for a checkout",
  async (filter) => {
    const both = await begin();
    await both.run(
      row("work", "refs/heads/dev", 2, { from: "refs/heads/main~1" }),
      push("work", "origin", "dev"),
      clone("bare", "--bare", `--filter=${filter}`),
      clone("clone", "--no-checkout", `--filter=${filter}`),
      fetch("clone", "checkout", "-q", "dev"),
      row("work", "refs/heads/main", 2, { from: "refs/heads/main", tag: "more" }),
      push("work", "origin", "main"),
      fetch("bare", "fetch", "-q", "origin", "main"),
      fetch("clone", "fetch", "-q"),
      fetch("clone", "checkout", "-q", "origin/main"),
    );
  },
);

test("work in a partial clone: looking back, committing, pushing", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/main", 3, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    clone("clone", "--filter=blob:none"),
    { ...ask("clone", "log", "-p", "--format=%H"), look: { folder: "clone", closely: true } },
    { ...ask("clone", "diff", "main~3", "main", "--stat"), look: { folder: "clone", closely: true } },
    local("clone", "commit", "-q", "--allow-empty", "-m", "mine"),
    local("clone", "mv", "log.txt", "moved.txt"),
    local("clone", "commit", "-q", "-m", "moved"),
    push("clone", "origin", "main"),
    local("clone", "branch", "old", "main~4"),
    push("clone", "origin", "old"),
    clone("treeless", "--filter=tree:0"),
    { ...ask("treeless", "log", "--oneline", "--", "log.txt"), look: { folder: "treeless", closely: true } },
    local("treeless", "commit", "-q", "--allow-empty", "-m", "mine too"),
    push("treeless", "origin", "main"),
    fetch("clone", "pull", "-q"),
    fetch("work", "fetch", "-q"),
  );
});

test("partial and shallow at once, and no longer", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/main", 3, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    clone("clone", "--filter=blob:none", "--depth=2"),
    fetch("clone", "fetch", "-q", "--deepen=1"),
    fetch("clone", "fetch", "-q", "--unshallow"),
    fetch("clone", "fetch", "-q", "--refetch", "--no-filter"),
    fetch("clone", "fetch", "-q", "--refetch", "--filter=tree:0"),
  );
});

test("single objects by their ids", async () => {
  const both = await begin();
  const ids = await both.theirs.lines("work", "rev-parse", "main~1", "main~1^{tree}", "main~1:log.txt");
  await both.run(clone("clone", "--bare", "--filter=tree:0"));
  for (const id of ids) await both.run(fetch("clone", "fetch", "-q", "origin", id));
  await both.run(
    local("", "init", "-q", "--bare", "empty"),
    fetch("empty", "fetch", "-q", "--filter=blob:none", "{remote}", ids[0] as string),
    fetch("empty", "fetch", "-q", "{remote}", ids[0] as string),
  );
});
