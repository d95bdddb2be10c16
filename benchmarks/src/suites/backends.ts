import { spawnSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Times } from "../measure.ts";
import type { Address } from "../segments/segment-store.ts";
import { segmentStores } from "../segments/stores.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 3;
const rateBar = 0.8;
const memoryBarBytes = 512 * 2 ** 20;

/** Sizes in bytes; `TRUNKS_BENCH_SCALE=0.1` makes everything a tenth, for a quick look. */
const scale = Number(process.env.TRUNKS_BENCH_SCALE ?? 1);
const segmentSize = Math.round(256 * 2 ** 20 * scale);
const largeSize = Math.round(2 * 2 ** 30 * scale);

/** The stores to measure; of others the rows of the last run stay. Default: all. */
const chosen = process.env.TRUNKS_BENCH_STORES?.split(",");

export const backends: Suite = {
  question:
    "How fast is a segment up and down on loopback, beside the vendor's own client in its best way, and how much memory does a large one need?",
  async run(workspace) {
    const rows: Row[] = [];
    for (const name of Object.keys(segmentStores)) {
      const isChosen = chosen === undefined || chosen.includes(name);
      rows.push(...(isChosen ? await storeRows(workspace, name) : earlierRows(name)));
    }
    return rows;
  },
};

function earlierRows(name: string): Row[] {
  const results = join(import.meta.dirname, "..", "..", "results", "backends.json");
  if (!existsSync(results)) return [];
  const { rows } = JSON.parse(readFileSync(results, "utf8")) as { rows: Row[] };
  return rows.filter(({ what }) => what.startsWith(`${name} `));
}

type Client = "trunks" | "vendor";
type Direction = "up" | "down";

async function storeRows(workspace: Workspace, name: string): Promise<Row[]> {
  const store = await (segmentStores[name] as (typeof segmentStores)[string])();
  const folder = workspace.path(`store-${name}`);
  mkdirSync(folder);
  // The servers' files lie where everything else does, and may belong to somebody else.
  chmodSync(workspace.folder, 0o755);
  process.env.TMPDIR = folder;
  const { stop, ...address } = await store.start(folder);
  const what = `${name} (${[store.server, (address as Address).version].filter(Boolean).join(" ")})`;
  try {
    const mover = new Mover(workspace, name, address);
    const [up, down] = mover.measureRates();
    return [
      rateRow(`${what}: ${mebibytes(segmentSize)} up`, up, store.client),
      rateRow(`${what}: ${mebibytes(segmentSize)} down`, down, store.client),
      memoryRow(`${what}: memory, ${mebibytes(largeSize)} up`, mover.peakMemory("up")),
      memoryRow(`${what}: memory, ${mebibytes(largeSize)} down`, mover.peakMemory("down")),
    ];
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Moves bodies to and from one store, each in a process of its own. */
class Mover {
  readonly #workspace: Workspace;
  readonly #name: string;
  readonly #address: object;
  readonly #file: string;

  constructor(workspace: Workspace, name: string, address: object) {
    this.#workspace = workspace;
    this.#name = name;
    this.#address = address;
    this.#file = workspace.path("segment");
    writeNoise(this.#file, segmentSize);
  }

  /** The times of both clients, in turn; those of the first round, which warms the caches, do not count. */
  measureRates(): [up: Pair, down: Pair] {
    const clients: readonly Client[] = ["trunks", "vendor"];
    const times = {
      up: { trunks: [] as number[], vendor: [] as number[] },
      down: { trunks: [] as number[], vendor: [] as number[] },
    };
    for (let round = 0; round <= rounds; round++) {
      for (const direction of ["up", "down"] as const) {
        for (const client of clients) {
          const { timeMs } = this.#move(client, direction, `${client}-${round}`, segmentSize, this.#file);
          if (round > 0) times[direction][client].push(timeMs);
        }
      }
    }
    const pair = ({ trunks, vendor }: { trunks: number[]; vendor: number[] }): Pair => ({
      trunks: new Times(trunks),
      vendor: new Times(vendor),
    });
    return [pair(times.up), pair(times.down)];
  }

  /** In bytes. `down` reads what `up` has written. */
  peakMemory(direction: Direction): number {
    return this.#move("trunks", direction, "large", largeSize, "-").peakBytes;
  }

  #move(client: Client, direction: Direction, key: string, size: number, file: string) {
    const program = join(import.meta.dirname, "..", "segment.ts");
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [program, this.#name, client, direction, key, String(size)],
      {
        env: {
          ...this.#workspace.environment,
          TRUNKS_BENCH_ADDRESS: JSON.stringify(this.#address),
          TRUNKS_BENCH_FILE: file,
        },
        encoding: "utf8",
      },
    );
    if (status !== 0)
      throw new Error(`${this.#name}: ${client} ${direction} ended with ${status ?? signal}: ${stderr}`);
    return JSON.parse(stdout) as { timeMs: number; peakBytes: number };
  }
}

interface Pair {
  readonly trunks: Times;
  readonly vendor: Times;
}

function rateRow(what: string, { trunks, vendor }: Pair, client: string): Row {
  const figure = `${(vendor.median / trunks.median).toFixed(2)} of its rate`;
  return { what, measured: `${trunks}`, beside: `${client}: ${vendor}`, figure, bar: `${rateBar}` };
}

function memoryRow(what: string, bytes: number): Row {
  return { what, measured: mebibytes(bytes), beside: "–", figure: mebibytes(bytes), bar: mebibytes(memoryBarBytes) };
}

function mebibytes(size: number): string {
  return `${Math.round(size / 2 ** 20)} MiB`;
}

/** Bytes that nobody can make smaller. */
function writeNoise(path: string, size: number): void {
  const file = openSync(path, "w");
  const zeros = Buffer.alloc(2 ** 20);
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  for (let at = 0; at < size; at += zeros.length)
    writeSync(file, noise.update(zeros), 0, Math.min(zeros.length, size - at));
  closeSync(file);
}
