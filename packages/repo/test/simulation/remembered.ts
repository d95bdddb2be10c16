import type { Patch } from "./code.ts";

const here = import.meta.url;

/**
 * A function of bytes, or of another object that never changes, that answers from memory what it was asked before. The rest
 * of its arguments are text and numbers. What it throws is thrown anew each time.
 */
export function remembering<Subject extends object, Rest extends readonly unknown[], Answer>(
  work: (subject: Subject, ...rest: Rest) => Answer,
): (subject: Subject, ...rest: Rest) => Answer {
  const known = new WeakMap<Subject, { readonly rest: string; readonly answer: Answer }[]>();
  return (subject, ...given) => {
    const rest = given.join(" ");
    const answers = known.get(subject);
    const found = answers?.find((one) => one.rest === rest);
    if (found !== undefined) return found.answer;
    const answer = work(subject, ...given);
    if (answers === undefined) known.set(subject, [{ rest, answer }]);
    else answers.push({ rest, answer });
    return answer;
  };
}

/**
 * The same file is read by many in a history. What is read out of bytes, or written of a state, depends on nothing else, so
 * it is worked out once for each array of bytes and for each state. A store that hands out copies makes all of this void: see
 * `SimulatedBackend`.
 */
export const remembered: readonly Patch[] = [
  remember("format/record.ts", "decodeSlot"),
  remember("format/record.ts", "slotDigest"),
  remember("format/snapshot.ts", "decodeSnapshot"),
  remember("format/snapshot.ts", "encodeSnapshot"),
];

function remember(file: string, name: string): Patch {
  return {
    file,
    found: `export function ${name}(`,
    replacement: [
      `import { remembering as remembering_${name} } from ${JSON.stringify(here)};`,
      `export const ${name} = remembering_${name}(${name}Anew);`,
      `function ${name}Anew(`,
    ].join("\n"),
  };
}
