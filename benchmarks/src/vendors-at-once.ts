import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Times } from "./measure.ts";
import type { LoopbackStores } from "./mirrored-stores.ts";
import type { Workspace } from "./workspace.ts";

/** How long the vendors' own clients take for one file, each in a process of its own. */
export interface VendorTimes {
  readonly alone: Readonly<Record<string, Times>>;
  /** All at once, until the last has ended. */
  readonly together: Times;
}

/** Uploads the file to each of the servers alone, and then to all at once. The first round does not count. */
export async function measureVendors(
  workspace: Workspace,
  { addresses }: LoopbackStores,
  file: string,
  size: number,
  rounds: number,
): Promise<VendorTimes> {
  const names = Object.keys(addresses) as (keyof typeof addresses)[];
  const upload = (name: keyof typeof addresses, key: string) =>
    uploadBy(workspace, name, addresses[name], { key, file, size });
  const alone = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  const together: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times = [];
    for (const name of names) times.push(await upload(name, `alone-${round}`));
    const all = await Promise.all(names.map((name) => upload(name, `together-${round}`)));
    if (round === 0) continue;
    for (const [index, name] of names.entries()) alone[name]?.push(times[index] as number);
    together.push(Math.max(...all));
  }
  return {
    alone: Object.fromEntries(names.map((name) => [name, new Times(alone[name] as number[])])),
    together: new Times(together),
  };
}

async function uploadBy(
  workspace: Workspace,
  name: string,
  address: object,
  { key, file, size }: { readonly key: string; readonly file: string; readonly size: number },
): Promise<number> {
  const program = join(import.meta.dirname, "segment.ts");
  const child = spawn(process.execPath, [program, name, "vendor", "up", key, String(size)], {
    env: { ...workspace.environment, TRUNKS_BENCH_ADDRESS: JSON.stringify(address), TRUNKS_BENCH_FILE: file },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (bytes) => {
    said += bytes;
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${name}: the vendor's client ended with ${status}`);
  return (JSON.parse(said) as { timeMs: number }).timeMs;
}
