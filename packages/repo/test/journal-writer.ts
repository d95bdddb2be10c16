import type { Backend } from "@trunks/core";
import { latestKey, recordKey, snapshotKey } from "../src/format/key.ts";
import { encodeLatest } from "../src/format/latest.ts";
import { encodeRecord, encodeStub, type RecordEntry, type TrunkRecord } from "../src/format/record.ts";
import { encodeSnapshot } from "../src/format/snapshot.ts";
import type { State } from "../src/format/state.ts";
import { encodeTrunkFile, type TrunkFile } from "../src/format/trunk-file.ts";
import { emptyState, fold } from "../src/journal/fold.ts";
import { entry, name, recordAfter, trunk } from "./samples.ts";

export { encodeStub };

/** Writes a journal into a backend as its only writer, and knows the state at every slot. */
export class JournalWriter {
  readonly backend: Backend;
  readonly states: State[] = [];
  readonly #unborn: State;
  #snapshots = 0;

  constructor(backend: Backend, file: TrunkFile = trunk) {
    this.backend = backend;
    this.#unborn = emptyState(file);
  }

  get state(): State {
    return this.states.at(-1) ?? this.#unborn;
  }

  async begin(): Promise<this> {
    const { trunkId: id, objects } = this.#unborn;
    await this.backend.create("trunk.json", encodeTrunkFile({ id, objects }));
    return this;
  }

  /** Appends a record; `listed` are the keys in its lists of doomed ones. */
  async append(fields: Partial<TrunkRecord> = {}, pack?: Uint8Array, listed: readonly string[] = []): Promise<State> {
    const record = recordAfter(this.state, fields);
    const encoded = encodeRecord(record, pack);
    if (!(await this.backend.create(recordKey(record.slot), encoded.bytes))) throw new Error("the slot is taken");
    this.states.push(fold(this.state, [{ record, digest: encoded.digest, doomedKeys: [...record.doomed, ...listed] }]));
    return this.state;
  }

  /** Appends one push of the writer. */
  async push(fields: Partial<RecordEntry>, pack?: Uint8Array): Promise<State> {
    const { slot } = this.state;
    return this.append({ entries: [entry({ basis: slot, last: slot + 4096, ...fields })] }, pack);
  }

  /** Appends `count` records that say nothing. */
  async idle(count: number): Promise<State> {
    for (let index = 0; index < count; index++) await this.append();
    return this.state;
  }

  /** Writes a snapshot of the state at `slot` and answers its key. */
  async snapshot(slot = this.state.slot): Promise<string> {
    const key = snapshotKey(slot, name(this.#snapshots++));
    await this.backend.create(key, encodeSnapshot(this.states[slot] as State));
    return key;
  }

  async latest(slot: number, key: string): Promise<void> {
    await this.backend.put(latestKey, encodeLatest({ trunkId: this.state.trunkId, slot, snapshotKey: key }));
  }

  /** Puts a stub in place of the record in `slot`. */
  async stub(slot: number, key: string): Promise<void> {
    const { trunkId, recordDigest } = this.states[slot] as State;
    await this.backend.put(recordKey(slot), encodeStub({ trunkId, slot, recordDigest, snapshotKey: key }));
  }
}
