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

/** Which of the ids a local ref names. */
export async function idsOfLocalRefs(ids: ReadonlySet<string>, signal: AbortSignal): Promise<string[]> {
  const output = await git(["for-each-ref", "--format=%(objectname)"], { signal });
  return [...new Set(output.toString("latin1").split("\n"))].filter((id) => ids.has(id));
}
