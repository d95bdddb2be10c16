import type { RefMove } from "../../src/format/entry.ts";
import type { State } from "../../src/format/state.ts";
import type { Publication } from "../../src/transfer/publication.ts";
import type { Told } from "./truth.ts";
import type { World } from "./world.ts";

/** What one client asked of the trunk and was told, and when: nothing of how the trunk works. */
export interface Call {
  readonly who: string;
  readonly invoked: number;
  /** Infinite while there is no answer. */
  returned: number;
  readonly asked: Asked;
  /** Of a push whether each move was applied, or why not; `undefined` when that is not known. */
  told: readonly string[] | undefined;
  /** Where to look first for its place in the order of all calls. Directs the search; decides nothing. */
  hint: number;
}

type Asked =
  | { readonly kind: "read"; refs: ReadonlyMap<string, string>; head: string }
  | {
      readonly kind: "push";
      readonly moves: readonly RefMove[];
      readonly head: Publication["head"];
      readonly atomic: boolean;
    };

/** The calls of all clients, as they saw them. */
export class Calls {
  readonly all: Call[] = [];
  readonly #world: World;
  readonly #pushes = new Map<string, Call>();

  constructor(world: World) {
    this.#world = world;
  }

  begin(): number {
    return this.#world.moment++;
  }

  /** A read that began at `invoked` and has been answered. */
  read(invoked: number, { refs, head, slot }: State): void {
    const values = new Map([...refs].map(([name, { id }]) => [name, id]));
    const asked: Asked = { kind: "read", refs: values, head };
    const returned = this.#world.moment++;
    this.all.push({ who: this.#world.actor, invoked, returned, asked, told: [], hint: slot + 0.9 });
  }

  push(name: string, { moves, head, atomic = false }: Publication): void {
    const asked: Asked = { kind: "push", moves, head, atomic };
    const call: Call = {
      who: this.#world.actor,
      invoked: this.begin(),
      returned: Infinity,
      asked,
      told: undefined,
      hint: Infinity,
    };
    this.#pushes.set(name, call);
    this.all.push(call);
  }

  /** What the push was told, with the slot of the state that it was told with. */
  tell(name: string, told: Told, slot: number): void {
    const call = this.#pushes.get(name) as Call;
    if (told === "unknown") return;
    call.returned = this.#world.moment++;
    // Of what was sent back, or failed, there is no trace.
    call.told = typeof told === "string" ? [] : told;
    if (call.hint === Infinity) call.hint = slot + 0.9;
  }

  /** The journal has the push, as the `index`th of a slot. */
  place(name: string, slot: number, index: number): void {
    const call = this.#pushes.get(name);
    if (call !== undefined) call.hint = slot + index / 10_000;
  }
}
