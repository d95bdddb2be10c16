/**
 * `node segment.ts STORE CLIENT DIRECTION KEY SIZE`: moves one body of a size, once, and prints how long that took and how
 * much memory it needed, as JSON. STORE: as in `segments/stores.ts`, its address in `TRUNKS_BENCH_ADDRESS`, as JSON. CLIENT:
 * `trunks`, or `vendor`. DIRECTION: `up`, from the file `TRUNKS_BENCH_FILE` (`-`: bytes that are made up), or `down`.
 */
import { createReadStream } from "node:fs";
import type { Backend, Body } from "@trunks/core";
import { inParts } from "./segments/segment-store.ts";
import { segmentStores } from "./segments/stores.ts";

const [name = "", client, direction, key = "", sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const file = process.env.TRUNKS_BENCH_FILE ?? "-";
const address = JSON.parse(process.env.TRUNKS_BENCH_ADDRESS ?? "{}");
const store = await segmentStores[name]?.();
if (store === undefined) throw new Error(`no store ${name}`);

const { move, close } = client === "trunks" ? await ours(await store.openBackend(address)) : await vendors();
const startMs = performance.now();
await move();
const timeMs = performance.now() - startMs;
await close();
process.stdout.write(JSON.stringify({ timeMs, peakBytes: process.resourceUsage().maxRSS * 1024 }));

async function vendors() {
  const vendor = await store!.openVendor(address);
  return {
    move: () => (direction === "up" ? vendor.upload(key, file, size) : vendor.download(key, size)),
    close: () => vendor.close(),
  };
}

async function ours(backend: Backend) {
  // Connections and libraries are there before the clock starts, as the vendor's are.
  await backend.get("absent");
  return { move: () => (direction === "up" ? up(backend) : down(backend)), close: () => backend.close() };
}

async function up(backend: Backend): Promise<void> {
  if (!(await backend.create(key, body()))) throw new Error(`${key} was there before`);
}

/** As segments are read: in ranges, several at once, where that helps. */
async function down(backend: Backend): Promise<void> {
  const { rangeSizeBytes, rangeConcurrency } = backend.capabilities;
  const partBytes = rangeConcurrency > 1 ? rangeSizeBytes : size;
  await inParts(size, partBytes, rangeConcurrency, async (start, end) => {
    const content = await backend.get(key, { range: { start, end } });
    if (content === undefined) throw new Error(`${key} is absent`);
    for await (const _ of content);
  });
}

function body(): Body {
  if (file === "-") return { size, read: madeUp };
  return { size, read: (start, end) => createReadStream(file, { start, end: end - 1, highWaterMark: 2 ** 20 }) };
}

/** Bytes for a body that nobody has: only their number matters. */
async function* madeUp(start: number, end: number): AsyncGenerator<Uint8Array> {
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  for (let place = start; place < end; place += chunk.length)
    yield chunk.subarray(0, Math.min(chunk.length, end - place));
}
