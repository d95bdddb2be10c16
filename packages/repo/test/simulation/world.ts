import { SeededRandom } from "../seeded-random.ts";
import { EventQueue } from "./event-queue.ts";
import type { Plan } from "./plan.ts";

/** When every history begins, in milliseconds since 1970. */
export const startMs = 1_800_000_000_000;

const settled = Promise.resolve();

/** Somebody to whom things happen, with chances of their own: what is left out of one actor's life changes no other's. */
interface Actor {
  readonly name: string;
  readonly random: SeededRandom;
  faults: number;
}

/**
 * Time and chance of a simulation. Nothing waits for a clock: time jumps from one event to the next, and with one plan
 * everything happens again in the same order.
 */
export class World {
  nowMs = startMs;
  /** Counts what happens, so that of two things one can be said to be before the other. */
  moment = 0;
  /** Counts what clients ask of stores. */
  requests = 0;
  /** Faults that happened, by name. */
  readonly faults: string[] = [];
  /** What happened, if anybody wants to know. */
  readonly notes: string[] | undefined;
  readonly #plan: Plan;
  readonly #seeds: SeededRandom;
  readonly #events = new EventQueue();
  #actor: Actor;

  constructor(plan: Plan, notes?: string[]) {
    this.#plan = plan;
    this.notes = notes;
    this.#seeds = new SeededRandom(plan.seed);
    this.#actor = this.#newActor("world");
  }

  /** The chances of whoever acts now. */
  get random(): SeededRandom {
    return this.#actor.random;
  }

  get actor(): string {
    return this.#actor.name;
  }

  /** How many rounds of its life the actor goes through, of `number` that it would. */
  rounds(number: number): number {
    return Math.min(number, this.#plan.rounds?.get(this.#actor.name) ?? number);
  }

  /** Lets an actor begin, unless it is left out. */
  begin(name: string, act: () => void): void {
    const actor = this.#newActor(name);
    if (!this.#plan.absent?.has(name)) this.#events.add(this.nowMs, () => this.#as(actor, act));
  }

  /** Calls `run` later, as something that happens to whoever acts now. */
  after(delayMs: number, run: () => void): void {
    const actor = this.#actor;
    this.#events.add(this.nowMs + delayMs, () => this.#as(actor, run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Whether something goes wrong for the actor; `random` are the chances of what it does. */
  fault(probability: number, random: SeededRandom): boolean {
    if (!random.chance(probability)) return false;
    const name = `${this.#actor.name}#${this.#actor.faults++}`;
    if (this.#plan.spared?.has(name)) return false;
    this.faults.push(name);
    return true;
  }

  note(text: () => string): void {
    this.notes?.push(
      `${((this.nowMs - startMs) / 1000).toFixed(3).padStart(9)} s  ${this.#actor.name.padEnd(12)} ${text()}`,
    );
  }

  /** Lets events happen until none is left or `untilMs` is reached, or `isOver` says so. */
  run(untilMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const event = this.#events.take(untilMs);
          if (event === undefined || isOver()) return resolve();
          this.nowMs = event.atMs;
          event.run();
        } catch (error) {
          return reject(error);
        }
        // A tick comes when every promise that this settled has run its course, and needs no turn of the event loop.
        settled.then(soon);
      };
      const soon = () => process.nextTick(step);
      process.nextTick(step);
    });
  }

  /** What follows from `run` by promises alone is done before the next event, and so under the same name. */
  #as(actor: Actor, run: () => void): void {
    this.#actor = actor;
    run();
  }

  #newActor(name: string): Actor {
    return { name, random: new SeededRandom(this.#seeds.between(0, 2 ** 32)), faults: 0 };
  }
}
