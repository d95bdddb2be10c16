import { MemoryBackend } from "@trunks/core/memory";
import { type Entry, entryLines } from "../../src/format/entry.ts";
import { encodeHeadedFile } from "../../src/format/headed-file.ts";
import { indexKey, intentKey, packKey, placeKey, recordKey, snapshotKey } from "../../src/format/key.ts";
import { encodeLatest } from "../../src/format/latest.ts";
import type { MapChange, Mirror } from "../../src/format/mirror-map.ts";
import type { Segment } from "../../src/format/pack-name.ts";
import { encodePlaceFile } from "../../src/format/place-file.ts";
import { encodeRecord, type TrunkRecord } from "../../src/format/record.ts";
import { encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";
import { encodeText } from "../../src/format/text.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
import { Repository } from "../../src/repository.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import type { Publication } from "../../src/transfer/publication.ts";
import { uploadSegments } from "../../src/transfer/segment-upload.ts";
import { collect } from "../../src/upkeep/collect.ts";
import { GitRepository, objectCountOf } from "../git-repository.ts";
import { encodeStub, JournalWriter } from "../journal-writer.ts";
import { LargeTrunk } from "../large/large-trunk.ts";
import { entry, inlineOf, recordAfter, sha256 } from "../samples.ts";
import { type GoldenName, inWords, writeGolden } from "./golden-trunk.ts";

/** Writes one trunk in which there is one of everything that format 1 knows, with packs of stock git. */
class GoldenMaker {
  readonly #objects: ObjectFormat;
  readonly #git: GitRepository;
  readonly #backend = new MemoryBackend();
  readonly #repository: Repository;
  readonly #states: State[] = [];
  #ids = 0;
  #minutes = 0;

  constructor(objects: ObjectFormat) {
    this.#objects = objects;
    this.#git = new GitRepository(objects);
    const now = () => 1_700_000_000_000 + 60_000 * this.#minutes++;
    this.#repository = new Repository(this.#backend, { now, newId: () => this.#id() });
  }

  async make(): Promise<void> {
    const git = this.#git;
    await this.#repository.create({ objects: this.#objects });
    const first = git.commit({ "README.md": "# Golden\n", "poem.txt": poem(200) });
    await this.#push({ moves: [this.#move("refs/heads/main", undefined, first)], assumed: [] }, [first], []);
    const second = git.commit({ "README.md": "# Golden\n", "poem.txt": `${poem(200)}and more\n` }, [first]);
    await this.#push({ moves: [this.#move("refs/heads/main", first, second)], assumed: [first] }, [second], [first]);
    const tag = git.text(
      ["mktag"],
      `object ${second}\ntype commit\ntag v1\ntagger A <a@example.org> 1700000000 +0000\n\nOne\n`,
    );
    const topic = git.commit({ "poem.txt": `before\n${poem(200)}` }, [second]);
    const tagged = { ...this.#move("refs/tags/v1", undefined, tag), peeledId: second };
    const moves = [tagged, this.#move("refs/heads/topic", undefined, topic)];
    await this.#push({ moves, assumed: "*", atomic: true, options: ["ci.skip", ""] }, [tag, topic], [second]);
    // A name in Latin-1, and HEAD.
    const odd = this.#move("refs/heads/caf\uDCE9", undefined, topic);
    const head = { oldTarget: "refs/heads/main", newTarget: "refs/heads/topic" };
    await this.#push({ moves: [odd, this.#move("refs/heads/größe", undefined, first)], head, assumed: "*" });
    await this.#carry(topic);
    await this.#compact([second, tag, topic]);
    await this.#sweep();
    const snapshot = await this.#snapshot();
    await this.#stub(1, snapshot);
    const third = git.commit({ "README.md": "# Golden\n\nDone.\n" }, [second]);
    await this.#push(
      { moves: [this.#move("refs/heads/main", second, third)], assumed: [second], unproved: true },
      [third],
      [second],
    );
    await this.#push({ moves: [this.#move("refs/heads/größe", first, undefined)], assumed: [] });
    await this.#write(this.#objects);
  }

  /** Writes one in which upkeep has made a thin segment of two pushes, known from a snapshot, and a push builds on that. */
  async makeThin(): Promise<void> {
    await this.#repository.create({ objects: this.#objects });
    const tips: string[] = [];
    for (let lines = 200; lines < 204; lines++) {
      const [before] = tips;
      const tip = this.#git.commit({ "poem.txt": poem(lines) }, before === undefined ? [] : [before]);
      const known = before === undefined ? [] : [before];
      await this.#push({ moves: [this.#move("refs/heads/main", before, tip)], assumed: known }, [tip], known);
      tips.unshift(tip);
      if (tips.length !== 3) continue;
      await this.#makeThinSegment(tip, tips[2] as string);
      await this.#snapshot();
    }
    await this.#write("thin");
  }

  async #makeThinSegment(tip: string, base: string): Promise<void> {
    const pack = new Uint8Array(this.#git.pack([tip], [base], ["--thin"]));
    const objects = trunkObjects(this.#backend, this.#state);
    const externalBases = (ids: readonly string[]) => objects.readMany(ids);
    const { indexBytes: index } = await scanPack(this.#objects, pack, { externalBases });
    const body = { pack, index, objectCount: objectCountOf(pack) };
    const uploaded = await uploadSegments(this.#backend, [body], () => this.#id());
    const segments = uploaded.map((segment): Segment => ({ ...segment, thin: true }));
    const retired = [...this.#state.packs.values()].map(({ name }) => name).filter(({ kind }) => kind === "record");
    await this.#append({ segments, retired });
  }

  async #write(name: GoldenName): Promise<void> {
    const tips = [...this.#state.refs.values()].map(({ id }) => id);
    const reached = this.#git.text(["rev-list", "--objects", "--no-object-names", ...tips]).split("\n");
    await writeGolden(name, this.#backend, { state: inWords(this.#state), objects: reached.sort() });
    this.#git.remove();
  }

  /** A push as a client makes it; large packs and small ones in turn. */
  async #push(fields: Omit<Publication, "basis">, wanted: readonly string[] = [], assumed: readonly string[] = []) {
    const basis = this.#repository.known?.slot ?? -1;
    const isFirst = basis === -1;
    const bytes = new Uint8Array(this.#git.pack(wanted, assumed, isFirst ? [] : ["--thin"]));
    const objectCount = objectCountOf(bytes);
    const pack: Publication["pack"] = isFirst
      ? { kind: "segments", segments: [{ pack: bytes, index: this.#git.index(bytes), objectCount }] }
      : { kind: "inline", bytes, objectCount };
    const author = "Grete Größe <grete@example.org>";
    const publication = { ...fields, author, basis, ...(wanted.length === 0 ? {} : { pack }) };
    const outcome = await this.#repository.publish(publication);
    if (outcome.kind !== "decided" || outcome.moves.some((verdict) => verdict !== "applied"))
      throw new Error("not applied");
    this.#states.push(outcome.state);
  }

  /** A record with an own push that fails, and another writer's push, which waits in an intent and is applied. */
  async #carry(base: string): Promise<void> {
    const { slot, trunkId, objects } = this.#state;
    const commit = this.#git.commit({ "poem.txt": `before\n${poem(200)}behind\n` }, [base]);
    const pack = new Uint8Array(this.#git.pack([commit], [base], ["--thin"]));
    const waiting = entry({
      id: this.#id(),
      carried: true,
      basis: slot - 1,
      last: slot + 4000,
      timeMs: 1_700_000_000_001,
      assumed: [base],
      moves: [this.#move("refs/heads/carried", undefined, commit)],
      inline: { ...inlineOf(pack), objectCount: objectCountOf(pack) },
    });
    const moves = [this.#move("refs/heads/main", commit, base), this.#move("refs/heads/topic/below", undefined, base)];
    const own = entry({ id: this.#id(), basis: slot, last: slot + 4096, moves, author: "" });
    await this.#backend.create(intentKey(waiting.id), encodeIntent(trunkId, objects, waiting, pack));
    await this.#append({ entries: [own, waiting] });
  }

  /** The packs of three pushes become one segment; the intent's, which builds on them, stays. */
  async #compact(tips: readonly string[]): Promise<void> {
    const pack = new Uint8Array(this.#git.pack(tips, []));
    const body = { pack, index: this.#git.index(pack), objectCount: objectCountOf(pack) };
    const segments = await uploadSegments(this.#backend, [body], () => this.#id());
    const retired = [...this.#state.packs.values()].map(({ name }) => name).filter(({ kind }) => kind !== "intent");
    await this.#append({ segments, retired, drop: true });
  }

  /** The first segment and the pack of slot 1 are deleted; so is an upload that nobody ever named. */
  async #sweep(): Promise<void> {
    const [old] = [...this.#state.retired.values()].flatMap(({ name }) => (name.kind === "segment" ? [name.id] : []));
    const never = this.#id();
    const list = encodeText(`${packKey(never)}\n${indexKey(never)}\n`);
    const key = `doomed/${this.#id()}`;
    await this.#backend.create(key, list);
    const keys = [packKey(old as string), indexKey(old as string)];
    const doomLists = [{ key, size: list.length, digest: sha256(list) }];
    await this.#append({ doomed: [...keys, recordKey(1)], doomLists }, [packKey(never), indexKey(never)]);
    await this.#backend.delete(keys);
  }

  async #append(fields: Partial<TrunkRecord>, listed: readonly string[] = []): Promise<void> {
    const record = recordAfter(this.#state, fields);
    await this.#backend.create(recordKey(record.slot), encodeRecord(record).bytes);
    const state = await this.#repository.readExisting();
    if (listed.some((key) => state.doomed.get(key) !== record.slot)) throw new Error("a list was not read");
    this.#states.push(state);
  }

  async #snapshot(): Promise<string> {
    const { slot, trunkId } = this.#state;
    const key = snapshotKey(slot, this.#id());
    await this.#backend.create(key, encodeSnapshot(this.#state));
    await this.#backend.put("latest", encodeLatest({ trunkId, slot, snapshotKey: key }));
    return key;
  }

  async #stub(slot: number, key: string): Promise<void> {
    const { trunkId, recordDigest } = this.#states[slot] as State;
    await this.#backend.put(recordKey(slot), encodeStub({ trunkId, slot, recordDigest, snapshotKey: key }));
  }

  #move(ref: string, oldId: string | undefined, newId: string | undefined) {
    return { ref, oldId, newId };
  }

  get #state(): State {
    return this.#states.at(-1) as State;
  }

  /** Names that look random, and come again. */
  #id(): string {
    return sha256(`${this.#objects} ${this.#ids++}`).slice(0, 32);
  }
}

/** See docs/format.md, 3.4. */
function encodeIntent(trunkId: string, objects: ObjectFormat, waiting: Entry, pack: Uint8Array): Uint8Array {
  const lines = [`trunk ${trunkId}`, `objects ${objects}`, `entry ${waiting.id}`, ...entryLines(waiting, objects)];
  return encodeHeadedFile("intent", lines, pack).bytes;
}

function poem(lines: number): string {
  return Array.from({ length: lines }, (_, index) => `line ${index} ${sha256(`${index}`)}\n`).join("");
}

/** Writes a trunk whose map of mirrors changes, without packs. */
async function makeMirrored(): Promise<void> {
  const backend = new MemoryBackend();
  const writer = await new JournalWriter(backend).begin();
  const place = (name: string) => ({ name, url: `s3://bucket-${name}/team/trunks/app.trunk?region=eu-west-1` });
  const mirror = (name: string, mode: Mirror["mode"]): Mirror => ({ ...place(name), mode });
  const change = (fields: Partial<MapChange>) =>
    writer.append({ map: { removed: [], mirrors: [], primary: undefined, ...fields } });
  await change({ mirrors: [mirror("b", "strict"), mirror("c", "lagging")], primary: place("a") });
  await change({ removed: ["c"], mirrors: [mirror("a-2", "lagging")] });
  await writer.latest(1, await writer.snapshot());
  await change({ mirrors: [mirror("a", "strict")], primary: place("b") });
  await backend.put(placeKey, encodePlaceFile({ trunkId: writer.state.trunkId, name: "b", copying: false }));
  await writeGolden("mirrored", backend, { state: inWords(writer.state), objects: [] });
}

/** Writes a trunk of large files, and of everything that a container can go through but its deletion. */
async function makeLarge(objects: ObjectFormat): Promise<void> {
  let minutes = 0;
  let ids = 0;
  const now = () => 1_700_000_000_000 + 60_000 * minutes++;
  const newId = () => sha256(`large ${objects} ${ids++}`).slice(0, 32);
  const trunk = await new LargeTrunk(objects, now, { now, newId }).begin();
  const first = goldenNoise("first", 20_000);
  const second = new Uint8Array(first);
  second.set(goldenNoise("second", 500), 9_000);
  await trunk.push("main", { large: first, "small.txt": encodeText("small\n") });
  await trunk.push("next", { large: second });
  await trunk.push("copy", { elsewhere: second });
  await trunk.push("gone", { other: goldenNoise("third", 12_000), large: first });
  for (const branch of ["main", "gone"]) await trunk.delete(branch);
  await collect(trunk.open(), { newId, retentionMs: 0 });
  const repository = trunk.open();
  await repository.readExisting();
  await repository.snapshot();
  const text = `${poem(80)}${poem(20)}`;
  await trunk.push("text", { "poem.txt": encodeText(text) });
  const state = await trunk.open().readExisting();
  const tips = [...state.refs.values()].map(({ id }) => id);
  const reached = trunk.git.text(["rev-list", "--objects", "--no-object-names", ...tips]);
  await writeGolden(`large-${objects}`, trunk.store, { state: inWords(state), objects: reached.split("\n").sort() });
  trunk.remove();
}

/** Bytes that look random, and come again. */
function goldenNoise(name: string, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, block) =>
    Buffer.from(sha256(`${name} ${block}`), "hex"),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, size));
}

/**
 * Makes golden trunks: `node test/golden/make.ts NAME…`, in the folder of the package. What is committed stays when the code
 * changes: later versions must read it as it is. A change of the format adds trunks, and replaces none.
 */
const makers = new Map<string, () => Promise<void>>([
  ...(["sha1", "sha256"] as const).flatMap((objects) => [
    [objects, () => new GoldenMaker(objects).make()] as const,
    [`large-${objects}`, () => makeLarge(objects)] as const,
  ]),
  ["mirrored", makeMirrored],
  ["thin", () => new GoldenMaker("sha1").makeThin()],
]);
for (const name of process.argv.slice(2)) await makers.get(name)?.();
