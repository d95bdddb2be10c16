import { encodeTrunkFile } from "../../src/format/trunk-file.ts";
import { reader, writer } from "./clients.ts";
import type { Code } from "./code.ts";
import type { Lapses, Scene, Tally } from "./scene.ts";
import { graceMs, SimulatedStore, type Weather } from "./simulated-store.ts";
import { Truth, Violation } from "./truth.ts";
import { carrier, compactor, snapshotter, sweeper } from "./upkeep.ts";
import { World } from "./world.ts";

/** How it is everywhere; and on every fourth trunk listings are late. */
function weatherOf(seed: number): Weather {
  const listDelayMs = seed % 4 === 3 ? (30 * seed) % 10_000 : 0;
  return { crash: 0.003, lostAnswer: 0.03, unavailable: 0.01, sleep: 0.01, storm: 0.004, listDelayMs };
}

/** No history takes longer, in simulated time: one that does has a loop in it. */
const limitMs = 1000 * graceMs;

export interface History {
  readonly seed: number;
  readonly tally: Tally;
  /** What went wrong, if something did. */
  readonly violation: string | undefined;
}

/** Lets a few writers, readers and keepers loose on one trunk. The seed decides everything. */
export async function simulate(code: Code, seed: number, lapses: Lapses = {}): Promise<History> {
  const world = new World(seed);
  const store = new SimulatedStore(world);
  const trunk = { id: world.random.hex(32), objects: "sha1" } as const;
  store.create("trunk.json", encodeTrunkFile(trunk));
  const truth = new Truth(code, store, code.emptyState(trunk));
  const scene: Scene = { world, store, truth, code, weather: weatherOf(seed), lapses, tally: {} };
  let failure: unknown;
  let running = 0;
  const start = (actor: Promise<void>) => {
    running++;
    actor.catch((error) => (failure ??= error)).finally(() => running--);
  };
  // In every third history a crowd comes at once, so that pushes wait for one another to be carried.
  const writers = seed % 3 === 0 ? 10 : 4;
  for (let number = 0; number < writers; number++) start(writer(scene, number));
  for (const actor of [reader, reader, snapshotter, compactor, compactor, sweeper, sweeper, carrier])
    start(actor(scene));
  try {
    await world.run(limitMs, () => failure !== undefined);
    if (world.nowMs > limitMs - graceMs) throw new Violation("it does not end");
  } catch (error) {
    failure ??= error;
  }
  scene.tally.slots = truth.slot + 1;
  scene.tally["carried by another"] = truth.carried;
  scene.tally.crashed = running;
  return { seed, tally: scene.tally, violation: failure === undefined ? undefined : describe(failure) };
}

function describe(failure: unknown): string {
  if (failure instanceof Violation) return failure.message;
  return failure instanceof Error ? `${failure.name}: ${failure.message}\n${failure.stack}` : String(failure);
}
