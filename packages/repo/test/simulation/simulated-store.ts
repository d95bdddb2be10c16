import {
  type Backend,
  type Body,
  bytesBody,
  bytesContent,
  type Capabilities,
  type ListOptions,
  resolveRange,
  TrunksError,
} from "@trunks/core";
import type { World } from "./world.ts";

/** How long what is retired stays, in simulated milliseconds. */
export const graceMs = 60_000;

interface Stored {
  readonly bytes: Uint8Array;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** How often things go wrong, as probabilities. */
export interface Weather {
  readonly crash: number;
  readonly lostAnswer: number;
  readonly unavailable: number;
  /** A client stands still for up to several grace times. */
  readonly sleep: number;
  /** From now on nearly nothing of one client gets through, for longer than anyone cares to wait. */
  readonly storm: number;
  /** Listings do not show what came in the last so many milliseconds. */
  readonly listDelayMs: number;
}

/** One process. When it has crashed nothing reaches it any more. */
export interface Client {
  isAlive: boolean;
}

/** The store itself: what its clients do to it happens at one moment each, as in a store that keeps its promises. */
export class SimulatedStore {
  readonly keys = new Map<string, Stored>();
  /** Called after every change of a key; throws when that broke something. */
  onChange: (key: string) => void = () => {};
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  create(key: string, bytes: Uint8Array): boolean {
    if (this.keys.has(key)) return false;
    this.put(key, bytes);
    return true;
  }

  put(key: string, bytes: Uint8Array): void {
    const { nowMs } = this.#world;
    this.keys.set(key, { bytes, createdMs: this.keys.get(key)?.createdMs ?? nowMs, modifiedMs: nowMs });
    this.onChange(key);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) if (this.keys.delete(key)) this.onChange(key);
  }

  list(prefix: string, { after = "", limit = 1000 }: ListOptions, delayMs: number) {
    const latestMs = this.#world.nowMs - delayMs;
    const shown = [...this.keys].filter(([, { createdMs }]) => createdMs <= latestMs).map(([key]) => key);
    const found = shown.filter((key) => key.startsWith(prefix) && key > after).sort();
    const keys = found.slice(0, limit).map((key) => {
      const { bytes, modifiedMs } = this.keys.get(key) as Stored;
      return { key, size: bytes.length, modifiedMs };
    });
    return { keys, more: found.length > limit };
  }
}

/** The store as one client sees it: late, and not always. */
export class SimulatedBackend implements Backend {
  readonly name = "simulated";
  readonly capabilities: Capabilities;
  readonly #world: World;
  readonly #store: SimulatedStore;
  readonly #client: Client;
  readonly #weather: Weather;
  #stormEndMs = 0;

  constructor(world: World, store: SimulatedStore, client: Client, weather: Weather) {
    this.#world = world;
    this.#store = store;
    this.#client = client;
    this.#weather = weather;
    const promptList = weather.listDelayMs === 0;
    this.capabilities = { promptList, maxBodyBytes: 2 ** 31, rangeSizeBytes: 2 ** 23, rangeConcurrency: 1 };
  }

  get(key: string, options: Parameters<Backend["get"]>[1] = {}) {
    return this.#read(() => {
      const stored = this.#store.keys.get(key);
      if (stored === undefined) return undefined;
      const { start, end } = resolveRange(options.range, stored.bytes.length);
      return bytesContent(stored.bytes.slice(start, end), stored.bytes.length);
    });
  }

  list(prefix: string, options: ListOptions = {}) {
    return this.#read(() => this.#store.list(prefix, options, this.#weather.listDelayMs));
  }

  async create(key: string, body: Body): Promise<boolean> {
    const bytes = await bytesBody(body);
    return this.#write(() => this.#store.create(key, bytes));
  }

  async put(key: string, body: Body): Promise<void> {
    const bytes = await bytesBody(body);
    return this.#write(() => this.#store.put(key, bytes));
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#write(() => this.#store.delete(keys));
  }

  async close(): Promise<void> {}

  #read<Answer>(effect: () => Answer): Promise<Answer> {
    const isLost = this.#world.random.chance(this.#isStormy() ? 0.95 : this.#weather.unavailable);
    return this.#request(effect, isLost ? unavailable() : undefined);
  }

  /** Lost answers come with the effect at once, much later, or never. */
  #write<Answer>(effect: () => Answer): Promise<Answer> {
    const { random } = this.#world;
    if (random.chance(this.#weather.unavailable)) return this.#request(() => undefined as Answer, unavailable());
    if (!random.chance(this.#isStormy() ? 0.95 : this.#weather.lostAnswer)) return this.#request(effect, undefined);
    const fate = random.fraction();
    if (fate < 0.4) return this.#request(effect, outcomeUnknown());
    if (fate < 0.8) this.#world.after(random.between(1, 3 * graceMs), () => void effect());
    return this.#request(() => undefined as Answer, outcomeUnknown());
  }

  /** The request travels, has its effect, and its answer travels back; the client may fall asleep or die on the way. */
  #request<Answer>(effect: () => Answer, failure: TrunksError | undefined): Promise<Answer> {
    const { random } = this.#world;
    return new Promise((resolve, reject) => {
      if (!this.#client.isAlive) return;
      const crashes = random.chance(this.#weather.crash);
      if (crashes && random.chance(0.5)) {
        this.#client.isAlive = false;
        return;
      }
      this.#world.after(this.#travelMs(), () => {
        const answer = effect();
        if (crashes) this.#client.isAlive = false;
        this.#world.after(this.#travelMs(), () => {
          if (!this.#client.isAlive) return;
          if (failure === undefined) resolve(answer);
          else reject(failure);
        });
      });
    });
  }

  #isStormy(): boolean {
    const { random, nowMs } = this.#world;
    if (random.chance(this.#weather.storm)) this.#stormEndMs = nowMs + random.between(30_000, 120_000);
    return nowMs < this.#stormEndMs;
  }

  #travelMs(): number {
    const { random } = this.#world;
    return random.chance(this.#weather.sleep) ? random.between(0, 5 * graceMs) : random.between(1, 60);
  }
}

function unavailable(): TrunksError {
  return new TrunksError("UNAVAILABLE", "the store was away", { retryable: true });
}

function outcomeUnknown(): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", "the answer was lost");
}
