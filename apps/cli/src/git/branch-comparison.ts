import { decodeText, encodeText, type State } from "@trunks/repo";
import { git } from "../helper/git.ts";
import { gitLines } from "./working-copy.ts";

/** A branch here and in the trunk. */
export interface BranchAnswer {
  readonly object: "branch";
  readonly name: string;
  readonly local_id: string | null;
  readonly trunk_id: string | null;
  /** `unknown`: they differ, and the trunk's commit is not here, so that it cannot be counted. */
  readonly relation: "equal" | "ahead" | "behind" | "diverged" | "local" | "trunk" | "unknown";
  readonly ahead?: number;
  readonly behind?: number;
}

const branchPrefix = "refs/heads/";

/** All branches, local ones and the trunk's, by name. Without a state the local ones alone. */
export async function compareBranches(state: State | undefined): Promise<BranchAnswer[]> {
  const local = await localBranches();
  const theirs = new Map<string, string>();
  for (const [ref, { id }] of state?.refs ?? []) {
    if (ref.startsWith(branchPrefix)) theirs.set(ref.slice(branchPrefix.length), id);
  }
  const names = [...new Set([...local.keys(), ...theirs.keys()])].sort();
  const known = await presentObjects([...theirs.values()]);
  const answers: BranchAnswer[] = [];
  for (const name of names) answers.push(await compare(name, local.get(name) ?? null, theirs.get(name) ?? null, known));
  return answers;
}

async function compare(
  name: string,
  localId: string | null,
  trunkId: string | null,
  known: ReadonlySet<string>,
): Promise<BranchAnswer> {
  const start = { object: "branch", name, local_id: localId, trunk_id: trunkId } as const;
  if (localId === null) return { ...start, relation: "trunk" };
  if (trunkId === null) return { ...start, relation: "local" };
  if (localId === trunkId) return { ...start, relation: "equal" };
  if (!known.has(trunkId)) return { ...start, relation: "unknown" };
  const [counts = ""] = await gitLines(["rev-list", "--left-right", "--count", `${localId}...${trunkId}`]);
  const [ahead = 0, behind = 0] = counts.split("\t").map(Number);
  const relation = behind === 0 ? "ahead" : ahead === 0 ? "behind" : "diverged";
  return { ...start, relation, ahead, behind };
}

async function localBranches(): Promise<Map<string, string>> {
  const lines = await gitLines(["for-each-ref", "--format=%(objectname) %(refname)", branchPrefix]);
  return new Map(
    lines.map((line) => {
      const end = line.indexOf(" ");
      return [line.slice(end + 1 + branchPrefix.length), line.slice(0, end)];
    }),
  );
}

/** Those of the objects that are here. Nothing is fetched to find out. */
async function presentObjects(ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const input = encodeText(ids.map((id) => `${id}\n`).join(""));
  const environment = { GIT_NO_LAZY_FETCH: "1" };
  const output = decodeText(await git(["cat-file", "--batch-check"], { input, environment }));
  return new Set(
    output
      .split("\n")
      .filter((line) => line !== "" && !line.endsWith(" missing"))
      .map((line) => line.slice(0, line.indexOf(" "))),
  );
}
