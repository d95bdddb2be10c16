import { type Backend, isTrunksError, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { latestKey, placeKey, recordKey, trunkFileKey } from "../format/key.ts";
import { decodeLatest } from "../format/latest.ts";
import { isFollower, type Mirror } from "../format/mirror-map.ts";
import { packNameOfKey, packNameText } from "../format/pack-name.ts";
import { decodePlaceFile } from "../format/place-file.ts";
import { decodeSlot, type SlotContent } from "../format/record.ts";
import { decodeSnapshot } from "../format/snapshot.ts";
import type { CataloguePack, State } from "../format/state.ts";
import { decodeTrunkFile } from "../format/trunk-file.ts";
import { newestSlot } from "../journal/read.ts";
import { listSnapshots } from "../journal/snapshots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import type { Repository } from "../repository.ts";
import { copyDoomList, copySnapshot, digestOf, readRecord, settleConflict } from "./copy.ts";
import { readWhole } from "./copy-key.ts";
import { type CopyOptions, copyPacks } from "./copy-packs.ts";
import { Findings, type Looker, type MirrorFinding } from "./findings.ts";
import { checkPrimary, writePlace } from "./place.ts";
import { counted, explaining, mirrorNamed, readPrimary, type SyncOptions, syncMirror } from "./sync.ts";

export interface VerifyOptions extends SyncOptions {
  /** Told how many bytes of packs were read, of all that the mirror should have. */
  readonly verified?: (doneBytes: number, totalBytes: number) => void;
}

/** What a look at a mirror has found. */
export interface Verification {
  readonly state: State;
  /** Records and packs that were read. */
  readonly records: number;
  readonly packs: number;
  /** What the mirror should have held already; that it was behind is none of it. */
  readonly findings: readonly MirrorFinding[];
}

/** Records read at once, and packs; the large ones are read in parallel parts. */
const recordConcurrency = 16;
const packConcurrency = 2;

/**
 * Reads all that a mirror holds of what the newest state and the journal name, checks every digest, puts what the primary has in
 * the place of what is missing or damaged, and brings the mirror up. The primary is read only where something is to be
 * mended. Throws `PRECONDITION_FAILED` when the mirror holds another journal, `NOT_SUPPORTED` for a Git repository.
 */
export async function verifyMirror(
  repository: Repository,
  name: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const state = await readPrimary(repository, options);
  const mirror = mirrorNamed(state.map, name);
  if (isFollower(mirror)) throw noStore(mirror);
  checkPrimary(state, await repository.mirrors.self(options));
  const check = new MirrorCheck(repository, mirror, state, options);
  await explaining(repository, mirror, state, () => check.run(), options);
  const now = await syncMirror(repository, name, options);
  // What was retired and swept meanwhile could not be mended, and need not be.
  const isNeeded = ({ key, error }: MirrorFinding) => {
    const pack = packNameOfKey(key);
    return error === undefined || pack === undefined || pack.kind === "record" || now.packs.has(packNameText(pack));
  };
  const { records, packs, findings } = check;
  return { state: now, records, packs, findings: findings.all.filter(isNeeded) };
}

/** One mirror, held against one state. */
class MirrorCheck {
  readonly findings = new Findings();
  records = 0;
  packs = 0;
  readonly #repository: Repository;
  readonly #mirror: Mirror;
  readonly #state: State;
  readonly #options: VerifyOptions;

  constructor(repository: Repository, mirror: Mirror, state: State, options: VerifyOptions) {
    this.#repository = repository;
    this.#mirror = mirror;
    this.#state = state;
    this.#options = options;
  }

  /** Leaves a mirror that is whole up to its newest slot, or whose first copy was never finished. */
  async run(): Promise<void> {
    const { mirrors } = this.#repository;
    const target = await mirrors.store(this.#mirror);
    const newest = (await newestSlot(target, this.#options)) ?? -1;
    // Of one that was promoted nothing is touched.
    if (newest > this.#state.slot) await mirrors.checkAhead(target, this.#state, this.#options);
    await this.findings.of((looker) => this.#checkTrunkFile(target, looker));
    let isCopying = false;
    await this.findings.of(async (looker) => {
      isCopying = await this.#checkPlace(target, looker);
    });
    if (isCopying) return;
    await this.#checkJournal(target, Math.min(newest, this.#state.slot));
    await this.#checkPacks(target, newest);
    await this.#checkSnapshots(target);
  }

  async #checkTrunkFile(target: Backend, looker: Looker): Promise<void> {
    const file = await this.#read(target, trunkFileKey, decodeTrunkFile, looker);
    if (file !== undefined && file.id !== this.#state.trunkId) {
      throw new TrunksError("ALREADY_EXISTS", `${this.#mirror.url} holds another trunk`);
    }
    if (file === undefined) await this.#mend(target, trunkFileKey, looker);
  }

  /** Whether the first copy is still to be finished. A new name is written as that of such a copy, which the sync behind this ends. */
  async #checkPlace(target: Backend, looker: Looker): Promise<boolean> {
    const place = await this.#read(target, placeKey, decodePlaceFile, looker);
    if (place !== undefined) return place.copying;
    await writePlace(target, { trunkId: this.#state.trunkId, name: this.#mirror.name, copying: true }, this.#options);
    looker.mended(placeKey);
    return false;
  }

  async #checkJournal(target: Backend, newest: number): Promise<void> {
    const slots = Array.from({ length: newest + 1 }, (_, slot) => slot);
    await mapConcurrent(slots, recordConcurrency, (slot) =>
      this.findings.of((looker) => this.#checkSlot(target, slot, looker)),
    );
  }

  async #checkSlot(target: Backend, slot: number, looker: Looker): Promise<void> {
    const { backend: source } = this.#repository;
    const key = recordKey(slot);
    this.records++;
    const [content, digest] = await Promise.all([
      this.#read<SlotContent>(target, key, (bytes) => decodeSlot(bytes, slot), looker),
      readSlotDigest(source, slot, this.#options),
    ]);
    let whole = content;
    if (content === undefined) {
      const own = await readRecord(source, slot, this.#options);
      await target.put(key, own.bytes, this.#options);
      looker.mended(key);
      whole = own.content;
    } else if (digest !== undefined && digest !== digestOf(content)) {
      await settleConflict(source, target, slot, this.#copying());
    }
    if (whole?.kind !== "record") return;
    for (const list of whole.record.doomLists) await copyDoomList(source, target, list, this.#copying(looker));
  }

  async #checkPacks(target: Backend, newest: number): Promise<void> {
    const { backend: source } = this.#repository;
    const packs = [...this.#state.packs.values()].filter(({ name, slot }) => name.kind !== "record" && slot <= newest);
    const progress = counted(packs, this.#options.verified);
    await mapConcurrent(packs, packConcurrency, (pack: CataloguePack) =>
      this.findings.of(async (looker) => {
        this.packs++;
        await copyPacks(source, target, [pack], { ...this.#copying(looker), progress });
      }),
    );
  }

  /** What cannot be mended is removed: readers then begin at an older snapshot. The primary's newest one comes, too. */
  async #checkSnapshots(target: Backend): Promise<void> {
    const { backend: source } = this.#repository;
    for (const key of await listSnapshots(target, this.#options)) {
      await this.findings.of(async (looker) => {
        if ((await this.#read(target, key, (bytes) => decodeSnapshot(bytes, key), looker)) !== undefined) return;
        const bytes = await (await source.get(key, this.#options))?.bytes();
        if (bytes !== undefined && isReadable(bytes, key)) await target.put(key, bytes, this.#options);
        else await target.delete([key], this.#options);
        looker.mended(key);
      });
    }
    await this.findings.of(async (looker) => {
      const bytes = await (await target.get(latestKey, this.#options))?.bytes();
      if (bytes === undefined || isLatest(bytes)) return;
      looker.found(latestKey, "damaged");
      await target.delete([latestKey], this.#options);
      looker.mended(latestKey);
    });
    await copySnapshot(source, target, this.#state, this.#copying());
  }

  /** What lies under a key of the mirror; `undefined`, and told, when that is nothing or damaged. */
  async #read<Value>(
    target: Backend,
    key: string,
    decode: (bytes: Uint8Array) => Value,
    looker: Looker,
  ): Promise<Value | undefined> {
    const bytes = await (await target.get(key, this.#options))?.bytes();
    if (bytes === undefined) {
      looker.found(key, "missing");
      return undefined;
    }
    try {
      return decode(bytes);
    } catch (error) {
      // A flipped bit may look like a newer format; that of the primary is read before it is written here.
      if (!isTrunksError(error)) throw error;
      looker.found(key, "damaged");
      return undefined;
    }
  }

  async #mend(target: Backend, key: string, looker: Looker): Promise<void> {
    await target.put(key, await readWhole(this.#repository.backend, key, this.#options), this.#options);
    looker.mended(key);
  }

  #copying(looker?: Looker): CopyOptions {
    const { signal } = this.#options;
    return { signal, sleep: this.#repository.mirrors.sleep, strict: this.#mirror.mode === "strict", looker };
  }
}

function isReadable(bytes: Uint8Array, key: string): boolean {
  try {
    decodeSnapshot(bytes, key);
    return true;
  } catch {
    return false;
  }
}

function isLatest(bytes: Uint8Array): boolean {
  try {
    decodeLatest(bytes);
    return true;
  } catch {
    return false;
  }
}

function noStore({ name }: Mirror): TrunksError {
  return new TrunksError("NOT_SUPPORTED", `${name} is a Git repository, which git itself verifies`, {
    hint: "run `git fsck` there",
  });
}
