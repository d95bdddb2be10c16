import { encodeText } from "@trunks/repo";
import { git } from "./git.ts";

/** Which of these object names (ids, refs, `name^{}`) mean an object that is here, and its id: one run of git. */
export async function lookUpObjects(names: Iterable<string>, signal: AbortSignal): Promise<Map<string, string>> {
  const asked = [...new Set(names)];
  const found = new Map<string, string>();
  if (asked.length === 0) return found;
  const input = encodeText(asked.map((name) => `${name}\n`).join(""));
  const output = await git(["cat-file", "--batch-check=%(objectname) ok", "--buffer"], {
    input,
    trueHistory: true,
    signal,
  });
  const answers = output.toString("latin1").split("\n");
  for (const [index, name] of asked.entries()) {
    const id = /^([0-9a-f]{40,64}) ok$/.exec(answers[index] ?? "")?.[1];
    if (id !== undefined) found.set(name, id);
  }
  return found;
}

/**
 * Which of the trunk's tips are in a partial clone: commits that are here, and whatever a local ref names. To ask about
 * another object would fetch it.
 */
export async function tipsOfPartialClone(tips: ReadonlySet<string>, signal: AbortSignal): Promise<string[]> {
  if (tips.size === 0) return [];
  const input = encodeText([...tips].map((id) => `${id}\n`).join(""));
  const arguments_ = ["rev-list", "--no-walk=unsorted", "--missing=allow-any", "--ignore-missing", "--stdin"];
  const [commits, named] = await Promise.all([
    git(arguments_, { input, trueHistory: true, signal }),
    git(["for-each-ref", "--format=%(objectname)"], { signal }),
  ]);
  const here = new Set(`${commits.toString("latin1")}${named.toString("latin1")}`.split("\n"));
  return [...tips].filter((id) => here.has(id));
}
