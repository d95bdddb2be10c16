import type { CataloguePack, State } from "../format/state.ts";
import { entryPacks } from "../journal/fold.ts";
import type { ReadRecord } from "../journal/slots.ts";

/**
 * The packs that whoever has everything up to `slot` lacks at `state`. Where all records in between are at hand, they are
 * those that the pushes brought, also when compaction has made them part of a large segment since: retired packs can be read
 * for a grace time. Whoever comes too late for them asks again without records. Containers are always those of the catalogue.
 */
export function packsSince(state: State, slot: number, records: readonly ReadRecord[]): CataloguePack[] {
  const catalogued = [...state.packs.values()].filter((pack) => pack.slot > slot);
  const run = records.filter(({ record }) => record.slot > slot && record.slot <= state.slot);
  if (slot < 0 || run.length !== state.slot - slot) return catalogued;
  const brought = run.flatMap(({ record }) =>
    record.entries.flatMap((entry) => {
      const verdict = state.verdicts.get(entry.id);
      return verdict?.slot === record.slot && verdict.letters.includes("a") ? entryPacks(entry, record.slot) : [];
    }),
  );
  const plain = brought.filter((pack) => !isContainer(pack));
  const merged = catalogued.filter((pack) => !isContainer(pack));
  return [...(sizeOf(plain) < sizeOf(merged) ? plain : merged), ...catalogued.filter(isContainer)];
}

function isContainer({ name }: CataloguePack): boolean {
  return name.kind === "container";
}

function sizeOf(packs: readonly CataloguePack[]): number {
  return packs.reduce((sum, { pack }) => sum + pack.size, 0);
}
