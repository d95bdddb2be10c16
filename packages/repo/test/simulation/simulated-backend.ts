import {
  type Backend,
  type Body,
  bodySlice,
  bytesBody,
  type Capabilities,
  type ListOptions,
  type Source,
  TrunksError,
} from "@trunks/core";
import { SeededRandom } from "../seeded-random.ts";
import { readable } from "./readable.ts";
import { graceMs, type SimulatedStore } from "./simulated-store.ts";
import type { Weather } from "./weather.ts";
import type { World } from "./world.ts";

/** One process. When it has crashed nothing reaches it any more. */
export interface Client {
  isAlive: boolean;
}

/** A request on its way, with chances of its own, so that what befalls it changes nothing for later ones. */
interface Request {
  readonly text: string;
  readonly random: SeededRandom;
  readonly failure?: TrunksError;
}

/** The store as one client sees it: late, and not always. */
export class SimulatedBackend implements Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly #world: World;
  readonly #store: SimulatedStore;
  readonly #client: Client;
  readonly #weather: Weather;
  #stormEndMs = 0;

  /** With a `name`, requests are told with it. */
  constructor(world: World, store: SimulatedStore, client: Client, weather: Weather, name = "") {
    this.name = name;
    this.#world = world;
    this.#store = store;
    this.#client = client;
    this.#weather = weather;
    const promptList = weather.listDelayMs === 0;
    this.capabilities = { promptList, maxBodyBytes: 2 ** 31, rangeSizeBytes: 2 ** 23, rangeConcurrency: 1 };
  }

  get(key: string, options: Parameters<Backend["get"]>[1] = {}) {
    return this.#read(`get ${key}`, () => this.#store.get(key, options.range));
  }

  list(prefix: string, options: ListOptions = {}) {
    return this.#read(`list ${prefix}`, () => this.#store.list(prefix, options, this.#weather.listDelayMs));
  }

  async create(key: string, body: Body): Promise<boolean> {
    const bytes = await this.#upload(key, body);
    return this.#write(`create ${key}`, () => this.#store.create(key, bytes));
  }

  async put(key: string, body: Body): Promise<void> {
    const bytes = await this.#upload(key, body);
    return this.#write(`put ${key}`, () => this.#store.put(key, bytes));
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#write(`delete ${keys.join(" ")}`, () => this.#store.delete(keys));
  }

  async close(): Promise<void> {}

  /** What may be large is sent in parts at times, the last one first; nobody sees them before the whole is put together. */
  async #upload(key: string, body: Body): Promise<Uint8Array> {
    if (body instanceof Uint8Array || this.#world.random.chance(0.7)) return bytesBody(body);
    const middle = body.size >> 1;
    const second = await this.#part(key, body, middle, body.size);
    return Buffer.concat([await this.#part(key, body, 0, middle), second]);
  }

  async #part(key: string, body: Source, start: number, end: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const chunk of bodySlice(body, start, end)) parts.push(chunk);
    return this.#read(`send bytes ${start} to ${end} of ${key}`, () => Buffer.concat(parts));
  }

  #read<Answer>(text: string, effect: () => Answer): Promise<Answer> {
    const random = this.#newRandom();
    const isLost = this.#isStormy(random) ? this.#fault(0.95, random) : this.#fault(this.#weather.unavailable, random);
    return this.#send({ text, random, failure: isLost ? unavailable() : this.#throttled(random) }, effect);
  }

  /** Lost answers come with the effect at once, much later, or never. */
  #write<Answer>(text: string, effect: () => Answer): Promise<Answer> {
    const random = this.#newRandom();
    const nothing = () => undefined as Answer;
    const failure = this.#fault(this.#weather.unavailable, random) ? unavailable() : this.#throttled(random);
    if (failure !== undefined) return this.#send({ text, random, failure }, nothing);
    const isLost = this.#isStormy(random) ? this.#fault(0.95, random) : this.#fault(this.#weather.lostAnswer, random);
    if (!isLost) return this.#send({ text, random }, effect);
    const fate = random.fraction();
    const lost = { text, random, failure: outcomeUnknown() };
    if (fate < 0.4) return this.#send(lost, effect);
    if (fate < 0.8) {
      this.#world.after(random.between(1, 3 * graceMs), () => {
        const answer = effect();
        this.#world.note(() => `arrives late: ${this.#told(text)}${answer === undefined ? "" : ` → ${answer}`}`);
      });
    }
    return this.#send(lost, nothing);
  }

  /** The request travels, has its effect, and its answer travels back; the client may fall asleep or die on the way. */
  #send<Answer>({ text, random, failure }: Request, effect: () => Answer): Promise<Answer> {
    const world = this.#world;
    world.requests++;
    return new Promise((resolve, reject) => {
      if (!this.#client.isAlive) return;
      const crashes = this.#fault(this.#weather.crash, random);
      if (crashes && random.chance(0.5)) {
        this.#client.isAlive = false;
        return world.note(() => `dies before: ${this.#told(text)}`);
      }
      world.after(this.#travelMs(random), () => {
        const answer = failure === undefined || failure.code === "OUTCOME_UNKNOWN" ? effect() : undefined;
        world.note(() => `${this.#told(text)} → ${failure === undefined ? describe(answer) : failure.message}`);
        if (crashes && this.#client.isAlive) {
          this.#client.isAlive = false;
          world.note(() => "dies");
        }
        world.after(this.#travelMs(random), () => {
          if (!this.#client.isAlive) return;
          if (failure === undefined) resolve(answer as Answer);
          else reject(failure);
        });
      });
    });
  }

  #told(text: string): string {
    return `${this.name}${this.name && ": "}${readable(text)}`;
  }

  #fault(probability: number, random: SeededRandom): boolean {
    return this.#world.fault(probability, random);
  }

  #throttled(random: SeededRandom): TrunksError | undefined {
    return this.#fault(this.#weather.throttled, random) ? rateLimited(random.between(100, 3000)) : undefined;
  }

  #isStormy(random: SeededRandom): boolean {
    const { nowMs } = this.#world;
    if (this.#fault(this.#weather.storm, random)) this.#stormEndMs = nowMs + random.between(30_000, 120_000);
    return nowMs < this.#stormEndMs;
  }

  #travelMs(random: SeededRandom): number {
    if (!this.#fault(this.#weather.sleep, random)) return random.between(1, 60);
    const sleepMs = random.between(0, 7 * graceMs);
    this.#world.note(() => `stands still for ${Math.round(sleepMs / 1000)} s`);
    return sleepMs;
  }

  #newRandom(): SeededRandom {
    return new SeededRandom(this.#world.random.between(0, 2 ** 32));
  }
}

function describe(answer: unknown): string {
  if (answer === undefined) return "nothing";
  if (typeof answer === "boolean") return String(answer);
  if (typeof answer === "object" && "keys" in (answer as object)) {
    const { keys } = answer as { keys: readonly { key: string }[] };
    return keys.length === 0 ? "no keys" : readable(keys.map(({ key }) => key).join(" "));
  }
  return `${(answer as { size?: number; length?: number }).size ?? (answer as { length?: number }).length} bytes`;
}

function unavailable(): TrunksError {
  return new TrunksError("UNAVAILABLE", "the store was away", { retryable: true });
}

function rateLimited(retryAfterMs: number): TrunksError {
  return new TrunksError("RATE_LIMITED", "the store asks for fewer requests", { retryable: true, retryAfterMs });
}

function outcomeUnknown(): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", "the answer was lost");
}
