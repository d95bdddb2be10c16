import { decodeText, encodeText, type State } from "@trunks/repo";
import type { Branch } from "@trunks/sdk";
import { git } from "../helper/git.ts";
import { gitLines } from "./working-copy.ts";

const branchPrefix = "refs/heads/";

/** All branches or one, local ones and the trunk's, by name. Without a state the local ones alone. */
export async function compareBranches(state: State | undefined, only?: string): Promise<Branch[]> {
  const local = await localBranches(only);
  const theirs = new Map<string, string>();
  for (const [ref, { id }] of state?.refs ?? []) {
    const isWanted = only === undefined ? ref.startsWith(branchPrefix) : ref === branchPrefix + only;
    if (isWanted) theirs.set(ref.slice(branchPrefix.length), id);
  }
  const names = [...new Set([...local.keys(), ...theirs.keys()])].sort();
  const known = await presentObjects([...theirs.values()]);
  const answers: Branch[] = [];
  for (const name of names) {
    const start = {
      object: "branch",
      name,
      local_id: local.get(name) ?? null,
      trunk_id: theirs.get(name) ?? null,
      default: state === undefined ? null : state.head === branchPrefix + name,
    } as const;
    answers.push({ ...start, ...(await relate(start, known)) });
  }
  return answers;
}

async function relate(
  { local_id: localId, trunk_id: trunkId }: Pick<Branch, "local_id" | "trunk_id">,
  known: ReadonlySet<string>,
): Promise<Pick<Branch, "relation" | "ahead" | "behind">> {
  if (localId === null) return { relation: "trunk" };
  if (trunkId === null) return { relation: "local" };
  if (localId === trunkId) return { relation: "equal" };
  if (!known.has(trunkId)) return { relation: "unknown" };
  const [counts = ""] = await gitLines(["rev-list", "--left-right", "--count", `${localId}...${trunkId}`]);
  const [ahead = 0, behind = 0] = counts.split("\t").map(Number);
  const relation = behind === 0 ? "ahead" : ahead === 0 ? "behind" : "diverged";
  return { relation, ahead, behind };
}

async function localBranches(only: string | undefined): Promise<Map<string, string>> {
  const lines = await gitLines(["for-each-ref", "--format=%(objectname) %(refname)", branchPrefix + (only ?? "")]);
  const found = lines.map((line): [string, string] => {
    const end = line.indexOf(" ");
    return [line.slice(end + 1 + branchPrefix.length), line.slice(0, end)];
  });
  // A name is a pattern there, and stands for all below it.
  return new Map(only === undefined ? found : found.filter(([name]) => name === only));
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
