import type { Patch } from "./code.ts";
import { remembering } from "./remembering.ts";

const helperUrl = new URL("./remembering.ts", import.meta.url).href;

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
      `import { ${remembering.name} as remembering_${name} } from ${JSON.stringify(helperUrl)};`,
      `export const ${name} = remembering_${name}(${name}Anew);`,
      `function ${name}Anew(`,
    ].join("\n"),
  };
}
