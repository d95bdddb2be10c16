import { decodeText, encodeText } from "@trunks/repo/client";

/** As git: a zero byte near the beginning makes a file binary. */
const probedSizeBytes = 8000;

export interface TextMerge {
  readonly clean: boolean;
  /** With git's markers around what could not be decided. */
  readonly bytes: Uint8Array;
}

/** Three versions of a text as one, line by line; `undefined` when one of them is no text. */
export async function mergeTexts(
  base: Uint8Array,
  ours: Uint8Array,
  theirs: Uint8Array,
  labels: { readonly ours: string; readonly theirs: string },
): Promise<TextMerge | undefined> {
  if ([base, ours, theirs].some((bytes) => bytes.subarray(0, probedSizeBytes).includes(0))) return undefined;
  const { diff3Merge } = await import("node-diff3");
  const [a, o, b] = [ours, base, theirs].map(lines) as [string[], string[], string[]];
  const regions = diff3Merge(a, o, b, { excludeFalseConflicts: true });
  const text: string[] = [];
  let clean = true;
  for (const { ok, conflict } of regions) {
    if (ok !== undefined) text.push(...ok);
    if (conflict === undefined) continue;
    clean = false;
    const { a: own, b: other } = conflict;
    text.push(`<<<<<<< ${labels.ours}\n`, ...ended(own), "=======\n", ...ended(other), `>>>>>>> ${labels.theirs}\n`);
  }
  return { clean, bytes: encodeText(text.join("")) };
}

/** With their ends, so that a missing newline at the end is one of the differences. */
function lines(bytes: Uint8Array): string[] {
  return decodeText(bytes)
    .split(/(?<=\n)/)
    .filter((line) => line !== "");
}

function ended(part: readonly string[]): string[] {
  return part.map((line) => (line.endsWith("\n") ? line : `${line}\n`));
}
