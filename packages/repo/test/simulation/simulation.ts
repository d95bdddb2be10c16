import { encodeTrunkFile } from "../../src/format/trunk-file.ts";
import { Calls } from "./calls.ts";
import { type Actor, castOf, commitsOf, mirrorsOf } from "./cast.ts";
import type { Code } from "./code.ts";
import { finale } from "./finale.ts";
import { founder } from "./founder.ts";
import { isLinearizable } from "./linearizability.ts";
import { MirrorTruth } from "./mirror-truth.ts";
import type { Plan } from "./plan.ts";
import type { Lapses, Scene, Tally } from "./scene.ts";
import { graceMs, SimulatedStore } from "./simulated-store.ts";
import { Truth, Violation } from "./truth.ts";
import { weatherOf } from "./weather.ts";
import { startMs, World } from "./world.ts";

/** No history takes longer, in simulated time: one that does has a loop in it. */
const limitMs = 1000 * graceMs;

/** So many histories have one in which nothing is remembered of what was read before. */
const forgetfulness = 7;

export interface History {
  readonly seed: number;
  readonly tally: Tally;
  /** What went wrong, if something did. */
  readonly violation: string | undefined;
  /** How many requests reached the store, or would have. */
  readonly requests: number;
  /** Who took part, and the faults that happened, by name. */
  readonly actors: readonly string[];
  readonly faults: readonly string[];
}

/** Lets a few writers, readers and keepers loose on one trunk. The plan decides everything; `notes` takes what happens. */
export async function simulate(code: Code, plan: Plan, lapses: Lapses = {}, notes?: string[]): Promise<History> {
  const { seed } = plan;
  const world = new World(plan, notes);
  const store = new SimulatedStore(world, seed % forgetfulness === 0);
  const trunk = { id: world.random.hex(32), objects: "sha1" } as const;
  store.create("trunk.json", encodeTrunkFile(trunk));
  const unborn = code.emptyState(trunk);
  const commits = commitsOf(seed);
  const truth = new Truth(code, commits, store, unborn);
  const calls = new Calls(world);
  truth.onJudged = (push, slot, index) => calls.place(push, slot, index);
  const mirrors = new Map(mirrorsOf(seed).map((name) => [name, new MirrorTruth(name, code, commits, world, truth)]));
  const scene: Scene = {
    seed,
    world,
    store,
    mirrors,
    truth,
    calls,
    commits,
    code,
    weather: weatherOf(seed),
    lapses,
    tally: {},
  };
  let failure: unknown;
  let running = 0;
  const cast = castOf(seed);
  const start = (name: string, act: Actor) =>
    world.begin(name, () => {
      running++;
      act(scene)
        .catch((error) => (failure ??= error))
        .finally(() => running--);
    });
  try {
    if (mirrors.size > 0) {
      start("founder", founder);
      await world.run(startMs + limitMs, () => failure !== undefined);
    }
    for (const [name, actor] of cast) start(name, actor);
    await world.run(startMs + limitMs, () => failure !== undefined);
    if (world.nowMs > startMs + limitMs - graceMs) throw new Violation("it does not end");
    scene.tally.crashed = running;
    if (failure === undefined) {
      start("last", finale);
      await world.run(world.nowMs + limitMs, () => failure !== undefined);
      if (failure === undefined && !isLinearizable(calls.all, unborn.head))
        throw new Violation("what the clients saw of the refs has no order in which it could have happened one by one");
    }
  } catch (error) {
    failure ??= error;
  }
  scene.tally.slots = truth.slot + 1;
  scene.tally["carried by another"] = truth.carried;
  const violation = failure === undefined ? undefined : describe(failure);
  if (violation !== undefined) world.note(() => violation);
  return {
    seed,
    tally: scene.tally,
    violation,
    actors: [...cast.keys()],
    faults: world.faults,
    requests: world.requests,
  };
}

function describe(failure: unknown): string {
  if (failure instanceof Violation) return failure.message;
  return failure instanceof Error ? `${failure.name}: ${failure.message}\n${failure.stack}` : String(failure);
}
