/**
 * `node sdk-work.ts read|write|far URL [FOLDER]`: one piece of work with the SDK, in a process that has done nothing before.
 * Prints one line of JSON: how long it took without the start of Node and the import, and the largest resident size.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openBackend } from "@trunks/backend-local";
import { latency, scope, trace } from "@trunks/layers";
import { Trunk } from "@trunks/sdk";

const [mode = "", url = "", folder = ""] = process.argv.slice(2);
const author = { name: "Bench", email: "bench@example.org" };
const startMs = performance.now();
const answer = await work();
process.stdout.write(
  `${JSON.stringify({ timeMs: performance.now() - startMs, peakBytes: process.resourceUsage().maxRSS * 1024, ...answer })}\n`,
);

async function work(): Promise<object> {
  if (mode === "read") return readAll();
  if (mode === "write") return writeAll();
  return workFarAway();
}

/** Every file of the newest commit. */
async function readAll(): Promise<object> {
  const trunk = await Trunk.open(url);
  let count = 0;
  let sizeBytes = 0;
  for await (const { bytes } of trunk.readFiles("", { recursive: true })) {
    count++;
    sizeBytes += bytes.length;
  }
  await trunk.close();
  return { count, sizeBytes };
}

/** Every file of a folder, as one commit, published. */
async function writeAll(): Promise<object> {
  const trunk = await Trunk.open(url, { create: true, author });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    await trunk.write(relative(folder, path), readFileSync(path));
  }
  const { id } = await trunk.commit({ message: "all" });
  await trunk.push();
  await trunk.close();
  return { id };
}

/** On a model of a far store: what is opened and read first, and what is committed and pushed then. */
async function workFarAway(): Promise<object> {
  const store = await openBackend(new URL(url));
  const traced = trace(scope(latency(store), "trunks/app.trunk/"));
  const openedMs = performance.now();
  const trunk = await Trunk.openBackend(traced, { author });
  if ((await trunk.read(folder)) === undefined) throw new Error(`there is no ${folder}`);
  const openMs = performance.now() - openedMs;
  const openTrips = traced.summary().depth;
  traced.reset();
  const beganMs = performance.now();
  await trunk.write(`new/${beganMs}`, "one small file\n");
  await trunk.commit({ message: "one" });
  await trunk.push();
  const pushMs = performance.now() - beganMs;
  const pushTrips = traced.summary().depth;
  await trunk.close();
  return { openMs, openTrips, pushMs, pushTrips };
}
