import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryBackend } from "@trunks/core/memory";
import { isContainer } from "../../src/format/container.ts";
import { recordKeySlot, snapshotKeySlot } from "../../src/format/key.ts";
import { decodeLatest, encodeLatest } from "../../src/format/latest.ts";
import { packNameText } from "../../src/format/pack-name.ts";
import { decodeSlot, encodeRecord, encodeStub } from "../../src/format/record.ts";
import { decodeSnapshot, encodeSnapshot, sortedRefs } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";
import { decodeTrunkFile, encodeTrunkFile } from "../../src/format/trunk-file.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The trunks of both object formats have one of everything but mirrors, containers and thin segments; others have those. */
export type GoldenName = ObjectFormat | "mirrored" | "thin" | `large-${ObjectFormat}`;

/** What a golden trunk is known to hold, as JSON: a state in words, and every object that its refs reach. */
export interface Expectation {
  readonly state: unknown;
  readonly objects: readonly string[];
}

/** A committed trunk, file by file. */
export async function goldenFiles(name: GoldenName): Promise<Map<string, Uint8Array>> {
  const root = join(folder, name);
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths
    .sort()
    .map(async (path) => [path.slice(root.length + 1), new Uint8Array(await readFile(path))] as const);
  return new Map(await Promise.all(files));
}

export async function goldenExpectation(name: GoldenName): Promise<Expectation> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), "utf8"));
}

export async function backendOf(files: ReadonlyMap<string, Uint8Array>): Promise<MemoryBackend> {
  const backend = new MemoryBackend();
  for (const [key, bytes] of files) await backend.create(key, bytes);
  return backend;
}

/** Replaces the committed trunk by what is in `backend`. */
export async function writeGolden(name: GoldenName, backend: MemoryBackend, expectation: Expectation): Promise<void> {
  await rm(join(folder, name), { recursive: true, force: true });
  for (const { key } of (await backend.list("")).keys) {
    const path = join(folder, name, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, (await (await backend.get(key))?.bytes()) as Uint8Array);
  }
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(expectation, undefined, 2)}\n`);
}

/** A state as plain lists, in words that stay when the code changes. */
export function inWords(state: State): unknown {
  const { trunkId, objects, slot, recordDigest, head, horizon, dropped, unproved } = state;
  return {
    ...{ trunkId, objects, slot, recordDigest, head, horizon, dropped, unproved },
    refs: sortedRefs(state).map(([name, ref]) => `${ref.id} ${ref.peeledId ?? "-"} ${name}`),
    packs: [...state.packs.values()].map(
      ({ name, slot: since, pack }) => `${since} ${packNameText(name)} ${pack.size} ${pack.digest}`,
    ),
    retired: [...state.retired.values()].map(({ name, slot: since }) => `${since} ${packNameText(name)}`),
    verdicts: [...state.verdicts].map(([id, verdict]) => `${verdict.slot} ${id} ${verdict.letters}`),
    doomed: [...state.doomed].map(([key, since]) => `${since} ${key}`),
    ...largeInWords(state),
    ...mapInWords(state),
  };
}

/** Left out where there is none, as most trunks have it; so the next. */
function largeInWords({ packs }: State): object {
  const containers = [...packs.values()].flatMap(({ pack }) => (isContainer(pack) ? [pack] : []));
  if (containers.length === 0) return {};
  const texts = containers.flatMap(({ id, large }) =>
    large.map((blob) => `${id} ${blob.id} ${blob.size} ${blob.manifestId}`),
  );
  return { large: texts };
}

function mapInWords({ map: { primary, mirrors } }: State): object {
  if (primary === undefined) return {};
  const texts = [...mirrors.values()].map(({ name, mode, url }) => `${name} ${mode} ${url}`);
  return { primary: `${primary.name} ${primary.url}`, mirrors: texts };
}

/** The file as this version would write what it reads there; `undefined` for files that are not read as a whole. */
export function rewritten(key: string, bytes: Uint8Array): Uint8Array | undefined {
  if (key === "trunk.json") return encodeTrunkFile(decodeTrunkFile(bytes));
  if (key === "latest") return encodeLatest(decodeLatest(bytes));
  if (snapshotKeySlot(key) !== undefined) return encodeSnapshot(decodeSnapshot(bytes, key));
  const slot = recordKeySlot(key);
  if (slot === undefined) return undefined;
  const content = decodeSlot(bytes, slot);
  return content.kind === "stub" ? encodeStub(content) : encodeRecord(content.record, content.pack).bytes;
}
