import { ask, clone, fetch, push, type Step } from "./step.ts";
import type { KnownRepository, Operation, RepositoryKind, World } from "./world.ts";

const pushWays: readonly (readonly string[])[] = [
  ...[[], [], []],
  ...[["--atomic"], ["--force"], ["--force-with-lease"], ["--follow-tags"]],
  ...[["-o", "an option"], ["--thin"], ["--no-thin"]],
];

/** Some refs, to the same names or to others, forced or not, and perhaps a deletion. */
export const pushSome: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository();
  if (repository === undefined) return [];
  const own = (await world.refs(repository.folder)).filter((name) => /^refs\/(heads|tags|notes)\//.test(name));
  if (own.length === 0) return [];
  const specs = random.some(own, 3).map((name) => refspec(world, name));
  const remote = await world.remoteRefs();
  // Git's own server cannot put a ref in place of a removed one atomically, and does not judge deletions when it runs dry.
  const way = random.pick(pushWays);
  const gone = !way.includes("--atomic") && random.oneIn(4) ? random.pickAny(remote) : undefined;
  const taken = new Set(specs.map((spec) => spec.slice(spec.indexOf(":") + 1)));
  if (gone !== undefined && !taken.has(gone)) specs.push(`:${gone}`);
  return [push(repository.folder, ...way, "origin", ...specs)];
};

function refspec({ random }: World, name: string): string {
  const forced = random.oneIn(4) ? "+" : "";
  if (!name.startsWith("refs/heads/") || random.oneIn(2)) return `${forced}${name}:${name}`;
  const source = random.oneIn(4) ? `${name}~1` : name;
  return `${forced}${source}:${random.pick(["refs/heads/copy", "refs/heads/copy/of", "refs/heads/main", "refs/tags/t", "refs/custom/one", "refs/heads/a"])}`;
}

/** Whole families of refs at once. */
export const pushMany: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository(["whole", "mirror"]);
  if (repository === undefined) return [];
  const ways = [
    ["--all", "origin"],
    ["--tags", "origin"],
    ["--tags", "-f", "origin"],
    ["origin", "refs/heads/*:refs/heads/*", "refs/notes/*:refs/notes/*"],
    ["-f", "origin", "refs/heads/*:refs/heads/*"],
    ["--prune", "origin", "+refs/heads/*:refs/heads/*"],
    ["origin", "refs/heads/*:refs/heads/from/*"],
  ];
  if (repository.folder === "work" && random.oneIn(4)) return [push("work", "--mirror", "origin")];
  return [push(repository.folder, ...random.pick(ways))];
};

/** Deleted by name. */
export const pushDeletion: Operation = async (world) => {
  const repository = world.repository();
  const refs = await world.remoteRefs();
  if (repository === undefined || refs.length === 0) return [];
  return [push(repository.folder, "origin", "--delete", ...world.random.some(refs, 2))];
};

const fetchWays = [
  [],
  [],
  [],
  ["--prune"],
  ["--tags"],
  ["--no-tags"],
  ["--prune", "--prune-tags"],
  ["--force"],
  ["--all"],
  ["--atomic"],
];

/** As configured, in one of many ways. */
export const fetchAll: Operation = async (world) => {
  const repository = world.repository();
  if (repository === undefined) return [];
  return [fetch(repository.folder, "fetch", "-q", ...world.random.pick(fetchWays))];
};

/** Some refs by name, to places of their own or to none; or a commit by its id. */
export const fetchSome: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository();
  const refs = await world.remoteRefs();
  if (repository === undefined || refs.length === 0) return [];
  if (random.oneIn(5))
    return [fetch(repository.folder, "fetch", "-q", "origin", random.pick(await world.remoteCommits()))];
  const specs = random.some(refs, 3).map((name) => {
    const place = name.replace("refs/", "refs/fetched/");
    return random.oneIn(2) ? name : `${random.oneIn(2) ? "+" : ""}${name}:${place}`;
  });
  return [fetch(repository.folder, "fetch", "-q", "origin", ...specs)];
};

/** Another depth: deeper, less deep, by date, by ref, or whole. */
export const changeDepth: Operation = async (world) => {
  const { random } = world;
  const repository = world.repository(random.oneIn(6) ? ["shallow", "whole", "partial"] : ["shallow"]);
  if (repository === undefined) return [];
  const [first] = await world.remoteRefs("refs/heads/");
  const ways = [
    ["--depth=1"],
    ["--depth=3"],
    ["--deepen=1"],
    ["--deepen=2"],
    ["--shallow-since=1450000000 +0000"],
    [`--shallow-exclude=${first}`],
    ...(repository.kind === "shallow" ? [["--unshallow"]] : []),
  ];
  return [fetch(repository.folder, "fetch", "-q", ...random.pick(ways))];
};

interface CloneWay {
  readonly kind: RepositoryKind;
  readonly args: readonly string[];
}

const cloneWays: readonly CloneWay[] = [
  { kind: "whole", args: [] },
  { kind: "whole", args: ["--bare"] },
  { kind: "whole", args: ["--single-branch"] },
  { kind: "whole", args: ["--no-tags"] },
  { kind: "whole", args: ["--reference", "{side}/work"] },
  { kind: "mirror", args: ["--mirror"] },
  { kind: "shallow", args: ["--depth=1"] },
  { kind: "shallow", args: ["--depth=2", "--no-single-branch"] },
  { kind: "shallow", args: ["--shallow-since=1450000000 +0000", "--no-single-branch"] },
  { kind: "partial", args: ["--filter=blob:none", "--no-checkout"] },
  { kind: "partial", args: ["--filter=blob:none", "--bare"] },
  { kind: "partial", args: ["--filter=blob:limit=100"] },
  { kind: "partial", args: ["--filter=tree:0", "--no-checkout"] },
];

/** One more clone, of whatever kind. */
export const makeClone: Operation = async (world) => {
  const { kind, args } = world.random.pick(cloneWays);
  const folder = `clone-${world.fresh()}`;
  const known: KnownRepository = { folder, kind, bare: args.includes("--bare") || args.includes("--mirror") };
  world.add(known);
  return [clone(folder, ...args)];
};

/** Files of some commit in the work tree, for which a partial clone needs objects. */
export const checkOut: Operation = async (world) => {
  const repository = world.random.pickAny(world.repositories.filter(({ bare, folder }) => !bare && folder !== "work"));
  const ref = repository && world.random.pickAny(await world.refs(repository.folder));
  if (repository === undefined || ref === undefined) return [];
  return [fetch(repository.folder, "checkout", "-q", "-f", "--detach", ref)];
};

/** What the remote has, asked in different ways. */
export const listRemote: Operation = async (world) => {
  const ways: string[][] = [[], ["--symref"], ["--heads"], ["--tags"], ["--refs"], ["--tags", "--refs"]];
  const patterns: string[][] = [[], [], ["HEAD"], ["main"], ["v*"], ["refs/heads/*"]];
  const repository = world.repository() as KnownRepository;
  return [ask(repository.folder, "ls-remote", ...world.random.pick(ways), "origin", ...world.random.pick(patterns))];
};

/** What a program ends with: everything is looked at once more from outside. */
export function ending(world: World): readonly Step[] {
  return [
    ask("work", "ls-remote", "--symref", "origin"),
    clone(`last-${world.fresh()}`),
    clone(`mirror-${world.fresh()}`, "--mirror"),
  ];
}
