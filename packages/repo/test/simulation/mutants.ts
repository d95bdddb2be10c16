import type { Patch } from "./code.ts";
import { mirrorMutants } from "./mirror-mutants.ts";
import type { Lapses } from "./scene.ts";

/** A rule left out, and what the rule says. */
export interface Mutant {
  readonly name: string;
  readonly rule: string;
  readonly patches?: readonly Patch[];
  readonly lapses?: Lapses;
}

/** Verdicts are forgotten after 12 slots, so that short histories meet the horizon. */
const smallWindow: readonly Patch[] = [
  {
    file: "journal/fold.ts",
    found: "export const verdictWindow = 4096;",
    replacement: "export const verdictWindow = 12;",
  },
];

/** How soon verdicts are forgotten can be said while the code runs. */
export const adjustableWindow: readonly Patch[] = [
  {
    file: "journal/fold.ts",
    found: "export const verdictWindow = 4096;",
    replacement:
      "export let verdictWindow = 4096;\nexport function setVerdictWindow(slots: number) { verdictWindow = slots; }",
  },
];

/** A few packs are worth compacting and thin for a while, small records a stub, and a minute is a long time: a short history has no more. */
export const fewPacks: readonly Patch[] = [
  { file: "upkeep/compaction-plan.ts", found: "const fanOut = 16;", replacement: "const fanOut = 3;" },
  { file: "upkeep/compaction-plan.ts", found: "const inlineCount = 32;", replacement: "const inlineCount = 2;" },
  { file: "upkeep/compaction-plan.ts", found: "const thinCount = 128;", replacement: "const thinCount = 3;" },
  { file: "upkeep/compaction-plan.ts", found: "const heavyRatio = 2;", replacement: "const heavyRatio = 0.2;" },
  { file: "upkeep/stub.ts", found: "const leastSizeBytes = 4096;", replacement: "const leastSizeBytes = 1;" },
  { file: "upkeep/grace.ts", found: "defaultGraceMs = 24 * 3_600_000;", replacement: "defaultGraceMs = 60_000;" },
];

/** Histories in which each mutant must be found. */
export const maxSearch = 1500;

export const mutants: readonly Mutant[] = [
  {
    name: "r1",
    rule: "what a record names is durable before the record is made",
    patches: [
      {
        file: "transfer/segment-upload.ts",
        found: "if (waitMs === undefined) throw notUploaded(error);",
        replacement: "return;",
      },
    ],
  },
  { name: "r2", rule: "a filled slot is never emptied", lapses: { deletesRecords: true } },
  {
    name: "r3",
    rule: "a writer names only what it uploaded itself, under a name that was never used",
    lapses: { fewNames: true },
    patches: [
      {
        file: "transfer/segment-upload.ts",
        found: "if (!created && attempt === 0)",
        replacement: "if (attempt < 0)",
      },
    ],
  },
  {
    name: "r5",
    rule: "after a lost answer the slot says what became of the push",
    patches: [
      {
        file: "journal/append.ts",
        found: "    unknown = error;\n  }\n  for",
        replacement: '    throw new TrunksError("UNAVAILABLE", "no answer");\n  }\n  for',
      },
    ],
  },
  {
    name: "r6",
    rule: "an entry that relies on what was dropped is sent back",
    patches: [
      {
        file: "journal/fold.ts",
        found: "if (this.#dropped <= entry.basis) return false;",
        replacement: "return false;",
      },
    ],
  },
  {
    name: "lean",
    rule: "an entry that leans on chunks which have left the catalogue is sent back",
    patches: [
      {
        file: "journal/fold.ts",
        found: "if (entry.leans?.some((lean) => !this.#bears(lean))) return true;",
        replacement: "",
      },
    ],
  },
  {
    name: "forget",
    rule: "a large file that loses chunks leaves the catalogue",
    patches: [
      { file: "upkeep/collect.ts", found: "segments, forgotten, drop: true", replacement: "segments, drop: true" },
    ],
  },
  {
    name: "new-containers",
    rule: "a collection begins again when containers came in between",
    patches: [{ file: "upkeep/collect.ts", found: "|| !hasNewContainers(state, later)", replacement: "|| true" }],
  },
  {
    name: "whole",
    rule: "a collection gives way to a push that was built on what it drops",
    patches: [
      {
        file: "upkeep/collect.ts",
        found: "      (await isWhole(repository, later, change, kept, { signal, indexes }));",
        replacement: "      true;",
      },
    ],
  },
  {
    name: "thin-taken",
    rule: "a collection that leaves anything out takes in all thin packs",
    patches: [
      {
        file: "upkeep/collect.ts",
        found: "if (isNeedless || isThin(pack)) packs.push(pack);",
        replacement: "if (isNeedless) packs.push(pack);",
      },
    ],
  },
  {
    name: "r11",
    rule: "an entry that names a doomed key is sent back",
    patches: [
      { file: "journal/fold.ts", found: "if (this.#doomed.size > 0 &&", replacement: "if (this.#doomed.size < 0 &&" },
    ],
  },
  { name: "r11-nofence", rule: "a sweep names its victims before it deletes them", lapses: { sweepsUnnamed: true } },
  {
    name: "r7",
    rule: "what was retired stays for the grace time",
    lapses: { sweepsAtOnce: true },
  },
  {
    name: "r11-product",
    rule: "the product's sweep names its victims before it deletes them",
    patches: [
      { file: "upkeep/sweep.ts", found: "if (batch.length > 0) {", replacement: "if (batch.length < 0) {" },
      {
        file: "upkeep/sweep.ts",
        found: "const doomed = victims.filter((key) => state.doomed.has(key));",
        replacement: "const doomed = victims;",
      },
    ],
  },
  {
    name: "r12",
    rule: "an empty slot after a lost answer does not say that nothing was written",
    patches: [
      {
        file: "journal/append.ts",
        found: "  if (await backend.create(recordKey(slot), record.bytes, options)) return true;",
        replacement: "  return false;",
      },
      {
        file: "transfer/contest.ts",
        found: '"CORRUPT",\n      "the store refused',
        replacement: '"UNAVAILABLE",\n      "the store refused',
      },
    ],
  },
  {
    name: "double",
    rule: "an entry is judged once",
    patches: [{ file: "journal/fold.ts", found: "this.verdicts.has(entry.id) || ", replacement: "" }],
  },
  {
    name: "intent-refused",
    rule: "what others may carry is refused by the journal only",
    patches: [
      {
        file: "transfer/contest.ts",
        found: "if (leftSlot === undefined) return refusal;",
        replacement: "return refusal;",
      },
    ],
  },
  {
    name: "old-refusal",
    rule: "a push is refused by the newest state only",
    patches: [
      {
        file: "transfer/contest.ts",
        found: "if (isOpen || combiner.leftSlot !== undefined) return known;",
        replacement: "return known;",
      },
    ],
  },
  {
    name: "intent-removed",
    rule: "an intent with a pack stays when its writer gives up",
    patches: [
      {
        file: "journal/combine.ts",
        found: "if (this.#entry.inline !== undefined && isNeeded) return;",
        replacement: "",
      },
    ],
  },
  {
    name: "horizon",
    rule: "an entry whose verdict may be forgotten is void",
    patches: [
      ...smallWindow,
      {
        file: "journal/fold.ts",
        found: "if (entry.basis < this.#horizon || entry.basis >= slot) return;",
        replacement: "if (entry.basis >= slot) return;",
      },
      { file: "journal/fold.ts", found: " || entry.last < slot) return;", replacement: ") return;" },
    ],
  },
  {
    name: "gap",
    rule: "a slot that was empty is read again when the next one is filled",
    patches: [
      {
        file: "journal/slots.ts",
        found: "contents[index] ??= await this.#read(first + index);",
        replacement: "",
      },
    ],
  },
  {
    name: "late-listing",
    rule: "a listing that is late does not hide the newest record",
    patches: [
      {
        file: "journal/read.ts",
        found: "const { promptList } = backend.capabilities;",
        replacement: "const promptList = true;",
      },
      { file: "journal/read.ts", found: "backend.capabilities.promptList", replacement: "true", everywhere: true },
    ],
  },
  ...mirrorMutants,
];
