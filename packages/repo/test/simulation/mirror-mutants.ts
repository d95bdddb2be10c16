import type { Mutant } from "./mutants.ts";

/** The rules of mirrors, each left out. */
export const mirrorMutants: readonly Mutant[] = [
  {
    name: "mirror-even",
    rule: "a push first brings every strict mirror up",
    patches: [
      { file: "mirror/mirrors.ts", found: "await this.#checkAll(places, state, options);", replacement: "" },
      {
        file: "mirror/mirrors.ts",
        found: "const copies = this.#checkAll(requiredPlaces(state.map, state.map.primary.name), state, options);",
        replacement: "const copies = Promise.resolve();",
      },
    ],
  },
  {
    name: "mirror-data",
    rule: "a mirror gets packs before the records that name them",
    patches: [
      {
        file: "mirror/copy.ts",
        found: "await copyPacks(source, target, packsAfter(state, from), options);",
        replacement: "",
      },
      { file: "mirror/uploads.ts", found: "if (packs.length === 0) return;", replacement: "return;" },
    ],
  },
  {
    name: "mirror-first",
    rule: "a record is in the primary before it is in a mirror",
    patches: [
      {
        file: "mirror/mirrors.ts",
        found: "const won = await appendRecord(this.#primary,",
        replacement:
          "await this.#spread(places, record.slot, encoded, options);\n    const won = await appendRecord(this.#primary,",
      },
    ],
  },
  {
    name: "fence",
    rule: "nobody adds to a primary that knows of another one",
    patches: [
      {
        file: "mirror/mirrors.ts",
        found: "if (state.map.primary !== undefined) checkPrimary(state, await this.self(options));",
        replacement: "if (state.map.primary !== undefined) await this.self(options);",
      },
    ],
  },
];
