import { noise } from "../support/noise.ts";
import { type CommitPlan, commits, type FilePlan } from "./history.ts";
import { local, localInput } from "./step.ts";
import type { Operation, World } from "./world.ts";

const branchNames = ["main", "dev", "topic/a", "topic/b", "a", "a/b", "\u00e4\u00f6", "odd'name", "x/y/z"];
const encodings = [undefined, undefined, undefined, "ISO-8859-1", "UTF-8", "x-unknown"];
const dates = [
  "1500000000 +0000",
  "1600000000 +0530",
  "1400000000 -1200",
  "1 +0000",
  "4000000000 +1400",
  "1550000000 -0001",
];
const messages = ["plain\n", "no end of line", "", "two\n\nparagraphs\n", "bytes \xff\xfe\n", "trailing \n\n\n"];

/** New commits on a branch of some repository: straight on, from elsewhere, merges of up to four, or a new root. */
export const makeCommits: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository();
  if (repository === undefined) return [];
  const known = await world.refs(repository.folder, "refs/heads/");
  const remote = await world.refs(repository.folder, "refs/remotes/");
  const ref = random.oneIn(3) || known.length === 0 ? `refs/heads/${random.pick(branchNames)}` : random.pick(known);
  const others = [...known, ...remote].filter((name) => !name.endsWith("/HEAD") && conflicts(name, known) === false);
  if (conflicts(ref, known) && !known.includes(ref)) return [];
  const plans: CommitPlan[] = [];
  const count = 1 + random.below(4);
  for (let index = 0; index < count; index++) {
    const parents =
      index > 0 || (known.includes(ref) && !random.oneIn(6))
        ? [ref]
        : others.length > 0 && !random.oneIn(8)
          ? [random.pick(others)]
          : [];
    if (others.length > 1 && random.oneIn(5)) {
      for (const other of random.some(others, 3)) if (!parents.includes(other) && other !== ref) parents.push(other);
    }
    plans.push(planCommit(world, ref, parents));
  }
  return [commits(repository.folder, plans)];
};

/** Whether another of the names is a folder of this one, or the reverse. */
function conflicts(name: string, names: readonly string[]): boolean {
  return names.some((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`));
}

function planCommit({ random }: World, ref: string, parents: readonly string[]): CommitPlan {
  return {
    ref,
    parents,
    message: random.pick(messages),
    encoding: random.pick(encodings),
    date: random.pick(dates),
    author: random.oneIn(6) ? "\xe4 name <\xfc@example.org>" : undefined,
    files: Array.from({ length: random.below(4) }, () => planFile(random)),
  };
}

function planFile(random: World["random"]): FilePlan {
  const path = random.pick([
    "README",
    "src/main.c",
    "src/deep/er/file",
    "bin/run",
    "link",
    "sub",
    "na\xefve \xff",
    "data.bin",
  ]);
  const content = `${random.below(1000)}\n`.repeat(1 + random.below(random.oneIn(10) ? 20_000 : 50));
  // Large enough for a pack of its own.
  if (random.oneIn(25)) return { path, content: Buffer.from(noise(1_100_000, random.below(1000))).toString("latin1") };
  if (random.oneIn(12)) return { path, mode: "160000", content: "1234567890123456789012345678901234567890" };
  if (random.oneIn(8)) return { path, mode: "120000", content: "../elsewhere" };
  return { path, mode: random.oneIn(5) ? "100755" : "100644", content };
}

/** A tag of whatever a ref leads to: a commit, its tree, or a tag. */
export const makeTag: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository(["whole", "mirror", "partial"]);
  const target = repository && random.pickAny(await world.refs(repository.folder));
  if (target === undefined || repository === undefined || target.endsWith("/HEAD")) return [];
  const name = random.oneIn(3) ? `v${random.below(3)}` : `v${world.fresh()}`;
  const object = random.oneIn(8) ? `${target}^{tree}` : target;
  const kind = random.oneIn(3) ? [] : ["-a", "-m", `${name} of ${object}`];
  return [local(repository.folder, "tag", "-f", ...kind, name, object)];
};

/** A note on a branch's commit. */
export const makeNote: Operation = async (world) => {
  const repository = world.repository(["whole", "mirror"]);
  const target = repository && world.random.pickAny(await world.refs(repository.folder, "refs/heads/"));
  if (repository === undefined || target === undefined) return [];
  return [local(repository.folder, "notes", "add", "-f", "-m", `note ${world.fresh()}`, target)];
};

/** A ref goes away, but for the one that HEAD names. */
export const forgetRef: Operation = async (world) => {
  const repository = world.repository();
  if (repository === undefined) return [];
  const refs = (await world.refs(repository.folder)).filter((name) => !/\/(main|HEAD)$/.test(name));
  const ref = world.random.pickAny(refs);
  return ref === undefined
    ? []
    : [localInput(repository.folder, `delete ${ref}\n`, "update-ref", "--no-deref", "--stdin")];
};

/** Everything that nothing reaches is thrown away. */
export const collectGarbage: Operation = async (world) => {
  const repository = world.repository(["whole", "mirror", "shallow"]);
  if (repository === undefined) return [];
  return [
    local(repository.folder, "reflog", "expire", "--expire=now", "--all"),
    local(repository.folder, "gc", "-q", "--prune=now"),
  ];
};
