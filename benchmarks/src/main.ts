/**
 * `node benchmarks/src/main.ts SUITE`: runs a suite, prints its table as Markdown, and keeps it in `benchmarks/README.md`,
 * and as JSON and perhaps as a picture in `benchmarks/results/`. Build the command line first (`pnpm run build`): what is measured is what is published.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { barChart } from "./bar-chart.ts";
import { describeMachine } from "./machine.ts";
import type { Suite } from "./suite.ts";
import { rowsTable } from "./table.ts";
import { Workspace } from "./workspace.ts";

const suites: { readonly [name: string]: () => Promise<Suite> } = {
  local: async () => (await import("./suites/local.ts")).local,
  s3: async () => (await import("./suites/s3.ts")).s3,
  refs: async () => (await import("./suites/refs.ts")).refs,
  contention: async () => (await import("./suites/contention.ts")).contention,
  upkeep: async () => (await import("./suites/upkeep.ts")).upkeep,
  memory: async () => (await import("./suites/memory.ts")).memory,
  large: async () => (await import("./suites/large.ts")).large,
  mirrors: async () => (await import("./suites/mirrors.ts")).mirrors,
  backends: async () => (await import("./suites/backends.ts")).backends,
  install: async () => (await import("./suites/install.ts")).install,
  sdk: async () => (await import("./suites/sdk.ts")).sdk,
  checkpoints: async () => (await import("./suites/checkpoints.ts")).checkpoints,
  mount: async () => (await import("./suites/mount.ts")).mount,
  peers: async () => (await import("./suites/peers.ts")).peers,
  "peers-near": async () => (await import("./suites/peers-near.ts")).peersNear,
  "peers-slow": async () => (await import("./suites/peers-slow.ts")).peersSlow,
};

const name = process.argv[2] ?? "";
const load = suites[name];
if (load === undefined) {
  process.stderr.write(`usage: node benchmarks/src/main.ts ${Object.keys(suites).join("|")}\n`);
  process.exit(2);
}
const suite = await load();
const workspace = new Workspace();
try {
  const machine = describeMachine(workspace.folder);
  const rows = await suite.run(workspace);
  const table = `${suite.question}\n\n${machine.join("; ")}.\n\n${rowsTable(rows)}\n`;
  const results = join(import.meta.dirname, "..", "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ suite: name, machine, rows }, undefined, 2)}\n`);
  if (rows.some(({ plot }) => plot !== undefined)) {
    writeFileSync(join(results, `${name}.svg`), barChart(`${name}: time, less is better`, rows));
  }
  writeIntoPage(table);
  process.stdout.write(table);
} finally {
  workspace.remove();
}

/** Puts the table in its place in the page. */
function writeIntoPage(table: string): void {
  const page = join(import.meta.dirname, "..", "README.md");
  const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  writeFileSync(
    page,
    readFileSync(page, "utf8").replace(place, (_, begin, end) => `${begin}\n${table}\n${end}`),
  );
}
