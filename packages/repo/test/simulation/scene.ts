import { type Backend, isTrunksError } from "@trunks/core";
import { retry } from "@trunks/layers";
import type { State } from "../../src/format/state.ts";
import type { Repository } from "../../src/repository.ts";
import type { StateCache } from "../../src/state-cache.ts";
import { memoryScratch, type Scratch } from "../../src/upkeep/scratch.ts";
import type { Calls } from "./calls.ts";
import type { Code } from "./code.ts";
import type { Commits } from "./commits.ts";
import { habitsOf } from "./habits.ts";
import { largeSettings } from "./large-files.ts";
import type { MirrorTruth } from "./mirror-truth.ts";
import { type Client, SimulatedBackend } from "./simulated-backend.ts";
import { graceMs, type SimulatedStore } from "./simulated-store.ts";
import type { Truth } from "./truth.ts";
import { rougher, type Weather } from "./weather.ts";
import type { World } from "./world.ts";

/** What the store is called whose journal decides, where there are others. */
export const primaryName = "primary";

/** So often, in simulated milliseconds, many wake up at once. */
const rushMs = 20_000;
const yearMs = 365 * 24 * 3_600_000;

/** Rules of upkeep that a simulation can leave out, to see that it notices. */
export interface Lapses {
  /** Old records are deleted, where stubs belong. */
  readonly deletesRecords?: boolean;
  /** A sweep deletes what it has not named before. */
  readonly sweepsUnnamed?: boolean;
  /** A sweep waits for nobody who still reads. */
  readonly sweepsAtOnce?: boolean;
  /** Names are used again. */
  readonly fewNames?: boolean;
}

/** How often what happened, so that a test can show that it tested something. */
export type Tally = Record<string, number>;

/** All that a simulation's actors share. */
export interface Scene {
  readonly seed: number;
  readonly world: World;
  readonly store: SimulatedStore;
  /** The trunk's strict mirrors, by name; usually none. */
  readonly mirrors: ReadonlyMap<string, MirrorTruth>;
  readonly truth: Truth;
  readonly calls: Calls;
  readonly commits: Commits;
  readonly code: Code;
  readonly weather: Weather;
  readonly lapses: Lapses;
  readonly tally: Tally;
}

export function count(scene: Scene, what: string): void {
  scene.tally[what] = (scene.tally[what] ?? 0) + 1;
}

/** A process with its own connection and its own cache of states. */
export class Process {
  readonly scene: Scene;
  readonly client: Client = { isAlive: true };
  /** The store as this process sees it: bare, or with the layer that tries again. */
  backend: Backend;
  /** What the store is called where this user pushes. */
  home: string;
  readonly #cache: StateCache;
  readonly #open: (name: string) => Backend;
  #clockErrorMs = 0;

  /** With the name of a mirror, for somebody who begins there. */
  constructor(scene: Scene, cache: StateCache = new ClientCache(), mirror?: string) {
    this.scene = scene;
    const { world } = scene;
    const clock = { now: () => world.nowMs, sleep: (ms: number) => world.sleep(ms) };
    const random = () => world.random.fraction();
    const isPatient = world.random.chance(0.5);
    this.#open = (name) => {
      const store = name === primaryName ? scene.store : (scene.mirrors.get(name) as MirrorTruth).store;
      const weather = name === primaryName ? scene.weather : rougher(scene.weather);
      const backend = new SimulatedBackend(world, store, this.client, weather, name === primaryName ? "" : name);
      return isPatient ? retry(backend, { clock, random }) : backend;
    };
    this.home = mirror ?? primaryName;
    this.backend = this.#open(this.home);
    this.#cache = cache;
  }

  /** Goes on with another store, as somebody who has changed the URL of a remote. */
  move(home: string): void {
    if (home === this.home) return;
    this.home = home;
    this.backend = this.#open(home);
  }

  /** Whether a push was refused because another store was made the primary; if so the user moves there. */
  isSentElsewhere(error: unknown): boolean {
    const { truth } = this.scene;
    if (!isTrunksError(error, "PRECONDITION_FAILED") || !truth.hasPromotions) return false;
    count(this.scene, "sent elsewhere");
    this.move(truth.primary);
    return true;
  }

  repository(): Repository {
    const { world, code } = this.scene;
    return new code.Repository(this.backend, {
      cache: this.#cache,
      now: () => this.nowMs(),
      sleep: (ms) => world.sleep(ms),
      newId: () => this.newId(),
      largeSettings,
      openPlace: async ({ name }) => this.#open(name),
    });
  }

  /** A name that nobody has used, unless the rule is left out. */
  newId(): string {
    const { world, lapses } = this.scene;
    return lapses.fewNames ? world.random.hex(1).repeat(32) : world.random.hex(32);
  }

  /** The process's own clock, which somebody may have set. */
  nowMs(): number {
    const { world, weather } = this.scene;
    if (world.fault(weather.clockJump, world.random)) this.#clockErrorMs = world.random.between(-yearMs, yearMs);
    return Math.floor(world.nowMs + this.#clockErrorMs);
  }

  /** Reads, and holds what was read against the truth. */
  async read(repository: Repository, forPush = false): Promise<State> {
    const { truth, calls, world } = this.scene;
    const least = truth.slot;
    const { acknowledged } = truth;
    const invoked = calls.begin();
    const { backend } = this;
    const isNewest = newestSlotIn(this.scene, this.home) === truth.slot;
    const state = await this.patiently(() => repository.read({ forPush }));
    if (state === undefined) throw new Error("the trunk is gone");
    const isElsewhere = !isNewest || repository.backend !== backend;
    world.note(() => `has read slot ${state.slot}${isElsewhere ? " elsewhere" : ""}`);
    // A mirror may lack a push that nobody was told of yet.
    if (isElsewhere) count(this.scene, "read elsewhere");
    else calls.read(invoked, state);
    truth.checkReading(state, isElsewhere ? acknowledged : least);
    return state;
  }

  /** Where packs are written that are made of others. In a large trunk that takes its time. */
  get scratch(): Scratch {
    const { world, seed } = this.scene;
    const memory = memoryScratch();
    const create = async () => {
      if (world.random.chance(habitsOf(seed).dawdles)) await this.nap();
      return memory.create();
    };
    return { sizeBytes: memory.sizeBytes, create };
  }

  /** Tries again while the store is away. */
  async patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isAway(error)) throw error;
        await this.scene.world.sleep(5000);
      }
    }
  }

  /** Does nothing for a while: often until others begin as well, at times past the grace time. */
  async nap(longestMs = 5000): Promise<void> {
    const { random, nowMs } = this.scene.world;
    const untilOthersMs = rushMs - (nowMs % rushMs) + random.between(0, 30);
    const chosenMs = random.chance(0.5)
      ? untilOthersMs
      : random.between(0, random.chance(0.4) ? 2 * graceMs : longestMs);
    await this.scene.world.sleep(chosenMs);
  }
}

/** The newest slot that this store has. */
export function newestSlotIn({ truth, mirrors }: Scene, name: string): number {
  return mirrors.get(name)?.slot ?? truth.slotHere;
}

/** Whether the store could not be asked, and nothing was written. */
export function isAway(error: unknown): boolean {
  return isTrunksError(error, "UNAVAILABLE") || isTrunksError(error, "RATE_LIMITED");
}

/** Keeps what it is given, for the processes of one client. */
export class ClientCache implements StateCache {
  #bytes: Uint8Array | undefined;

  async load(): Promise<Uint8Array | undefined> {
    return this.#bytes;
  }

  async save(bytes: Uint8Array): Promise<void> {
    this.#bytes = bytes;
  }
}
