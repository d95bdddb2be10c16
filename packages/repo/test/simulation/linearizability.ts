import type { Call } from "./calls.ts";

/** The refs as a sequential Git server would have them. */
interface Refs {
  readonly values: ReadonlyMap<string, string>;
  readonly head: string;
}

/** Steps of a search, after which it is given up. The first try finds the order if the hints are right; where many branches flip, few are. */
const maxSteps = 500_000;

/**
 * Whether the calls can be put in one order, in which each takes effect at one moment between its beginning and its answer,
 * and is told what a server would tell that had them one after the other. What was never answered takes effect at some time
 * after its beginning, or never. A search as Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993), with
 * Lowe's memory of what was tried. Knows nothing of journals: only what clients saw. Answers `false` as well when it gives up.
 */
export function isLinearizable(calls: readonly Call[], head: string): boolean {
  const pending = calls
    .filter(({ told, asked }) => asked.kind === "read" || told === undefined || told.length > 0)
    .sort((left, right) => left.hint - right.hint || left.invoked - right.invoked);
  return new Search(pending).from({ values: new Map(), head });
}

class Search {
  readonly #calls: readonly Call[];
  readonly #isDone: boolean[];
  readonly #failed = new Set<string>();
  #steps = 0;

  constructor(calls: readonly Call[]) {
    this.#calls = calls;
    this.#isDone = calls.map(() => false);
  }

  from(refs: Refs): boolean {
    const latest = this.#calls.reduce(
      (least, call, at) => (this.#isDone[at] ? least : Math.min(least, call.returned)),
      Infinity,
    );
    if (latest === Infinity) return true;
    if (this.#failed.size > 0 && this.#failed.has(this.#key(refs))) return false;
    for (const [at, call] of this.#calls.entries()) {
      if (this.#isDone[at] || call.invoked > latest || this.#steps++ > maxSteps) continue;
      const next = after(refs, call);
      if (next === undefined) continue;
      this.#isDone[at] = true;
      if (this.from(next)) return true;
      this.#isDone[at] = false;
    }
    this.#failed.add(this.#key(refs));
    return false;
  }

  #key({ values, head }: Refs): string {
    const refs = [...values].map(([name, id]) => `${name}=${id}`).sort();
    return `${this.#isDone.map(Number).join("")} ${head} ${refs.join(" ")}`;
  }
}

/** The refs when the call has taken effect; `undefined` when it cannot have been told what it was told. */
function after(refs: Refs, { asked, told }: Call): Refs | undefined {
  if (asked.kind === "read") return isSame(refs, asked) ? refs : undefined;
  const values = new Map(refs.values);
  const answers = asked.moves.map(({ ref, oldId, newId }) => {
    if (values.get(ref) !== oldId) return "stale";
    if (newId !== undefined && oldId === undefined && isFolder(values, ref)) return "conflict";
    if (newId === undefined) values.delete(ref);
    else values.set(ref, newId);
    return "applied";
  });
  if (asked.head !== undefined) answers.push(asked.head.oldTarget === refs.head ? "applied" : "stale");
  const isUndone = asked.atomic && answers.some((answer) => answer !== "applied");
  const given = isUndone ? answers.map((answer) => (answer === "applied" ? "aborted" : answer)) : answers;
  if (told?.some((answer, index) => answer !== given[index])) return undefined;
  if (isUndone) return refs;
  return { values, head: asked.head !== undefined && given.at(-1) === "applied" ? asked.head.newTarget : refs.head };
}

/** Whether another ref lies in the way: `a` beside `a/b`. */
function isFolder(values: ReadonlyMap<string, string>, ref: string): boolean {
  for (const name of values.keys()) if (name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`)) return true;
  return false;
}

function isSame(refs: Refs, read: { refs: ReadonlyMap<string, string>; head: string }): boolean {
  if (refs.head !== read.head || refs.values.size !== read.refs.size) return false;
  for (const [name, id] of read.refs) if (refs.values.get(name) !== id) return false;
  return true;
}
