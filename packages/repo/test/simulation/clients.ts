import { isTrunksError } from "@trunks/core";
import type { RefMove } from "../../src/format/entry.ts";
import type { Segment } from "../../src/format/pack-name.ts";
import type { State } from "../../src/format/state.ts";
import type { Repository } from "../../src/repository.ts";
import type { Publication } from "../../src/transfer/publish.ts";
import { ClientCache, count, isAway, Process, type Scene } from "./scene.ts";
import { packOf, type Told, Violation } from "./truth.ts";

const sharedRefs = ["refs/heads/a", "refs/heads/b", "refs/heads/b/c"];
/** Times that a push is packed again. */
const maxPackings = 5;

/** A user who pushes now and then, to shared refs and to an own one, from short-lived processes or from a long-lived one. */
export async function writer(scene: Scene, number: number): Promise<void> {
  const { random } = scene.world;
  const process = new Process(scene, new ClientCache());
  const commits: string[] = [];
  let repository = process.repository();
  for (let pushes = scene.world.rounds(random.between(2, 6)); pushes > 0; pushes--) {
    await process.nap();
    if (random.chance(0.5)) repository = process.repository();
    const refs = chosenRefs(scene, `refs/heads/own-${number}`);
    await push(process, repository, (state) => refs.map((ref) => chosenMove(scene, state, ref, commits)));
    await repository.maintain();
    await repository.save();
  }
}

/** What a push is to move, given what its user knows of the refs. */
type Choice = (state: State) => RefMove[];

/** One push of a user, packed again as often as it must be. */
async function push(process: Process, repository: Repository, choose: Choice): Promise<void> {
  const { scene } = process;
  let state = await process.read(repository, true);
  // A large repository takes its time to be packed.
  if (scene.world.random.chance(0.2)) await process.nap();
  for (let packing = 0; packing < maxPackings; packing++) {
    const name = `push ${scene.world.random.hex(12)}`;
    const publication = prepared(scene, state, choose(state), name);
    scene.calls.push(name, publication);
    scene.world.note(() => `begins ${describe(publication)}`);
    try {
      const outcome = await repository.publish(publication);
      scene.truth.checkReading(outcome.state, -1);
      count(scene, outcome.kind);
      if (outcome.kind === "decided") {
        tell(scene, name, outcome.head === undefined ? outcome.moves : [...outcome.moves, outcome.head], outcome.state);
        return checkVerdicts(scene, publication, outcome.moves);
      }
      tell(scene, name, "repack", outcome.state);
      state = outcome.state;
    } catch (error) {
      const isUnknown = isTrunksError(error, "OUTCOME_UNKNOWN");
      if (!isUnknown && !isAway(error)) throw error;
      count(scene, isUnknown ? "unknown" : "failed");
      return tell(scene, name, isUnknown ? "unknown" : "failed", state);
    }
  }
}

function tell({ world, calls, truth }: Scene, name: string, told: Told, state: State): void {
  world.note(() => `${name} was told: ${told}`);
  calls.tell(name, told, state.slot);
  truth.tell(name, told);
}

function describe({ author, moves, head, atomic, basis, pack, assumed }: Publication): string {
  const texts = moves.map(
    ({ ref, oldId, newId }) => `${ref} ${oldId?.slice(0, 6) ?? "none"}..${newId?.slice(0, 6) ?? "none"}`,
  );
  if (head !== undefined) texts.push(`HEAD ${head.newTarget}`);
  const relying = assumed === "*" ? "all" : assumed.map((id) => id.slice(0, 6)).join(" ");
  const words = [atomic ? "atomic" : "", pack?.kind ?? "no pack", relying && `relies on ${relying}`, `basis ${basis}`];
  return `${author}: ${texts.join(", ")} (${words.filter(Boolean).join("; ")})`;
}

function checkVerdicts(scene: Scene, { moves, basis }: Publication, verdicts: readonly string[]): void {
  for (const [index, verdict] of verdicts.entries()) {
    const { ref, oldId } = moves[index] as RefMove;
    count(scene, verdict);
    scene.truth.checkRefusal(ref, oldId, verdict, basis);
  }
}

function chosenRefs({ world: { random } }: Scene, ownRef: string): string[] {
  const refs = new Set([random.chance(0.6) ? random.pick(sharedRefs) : ownRef]);
  if (random.chance(0.3)) refs.add(random.pick([...sharedRefs, ownRef]));
  return [...refs];
}

function prepared(scene: Scene, state: State, moves: readonly RefMove[], author: string): Publication {
  const { random } = scene.world;
  const { objects, assumed } = missing(scene, state, moves);
  const bytes = packOf(objects);
  const pack: Publication["pack"] = random.chance(0.5)
    ? { kind: "inline", bytes, objectCount: objects.length }
    : {
        kind: "segments",
        segments: [{ pack: bytes, index: new TextEncoder().encode("an index"), objectCount: objects.length }],
      };
  return {
    author,
    basis: state.slot,
    moves,
    atomic: random.chance(0.3),
    assumed: random.chance(0.2) ? "*" : assumed,
    ...(objects.length === 0 ? {} : { pack }),
    ...(random.chance(0.05) ? { head: { oldTarget: state.head, newTarget: random.pick(sharedRefs) } } : {}),
  };
}

/** A deletion, a branch at what is there already or at what it is itself, or a new commit on the ref, on another, on an old one, or on nothing. */
function chosenMove({ world: { random }, truth }: Scene, state: State, ref: string, commits: string[]): RefMove {
  const oldId = state.refs.get(ref)?.id;
  const tips = [...state.refs.values()].map(({ id }) => id);
  if (oldId !== undefined && random.chance(0.2)) return { ref, oldId, newId: undefined };
  if (tips.length > 0 && random.chance(0.15)) return { ref, oldId, newId: random.pick(tips) };
  if (random.chance(0.05)) return { ref, oldId, newId: oldId };
  const base = random.chance(0.6) ? oldId : random.pick([undefined, ...tips, ...commits]);
  const newId = random.hex(40);
  truth.parents.set(newId, base);
  commits.push(newId);
  return { ref, oldId, newId };
}

/** What the new values reach and the state's refs do not, as a walk through the history finds it. */
function missing(scene: Scene, state: State, moves: readonly RefMove[]): { objects: string[]; assumed: string[] } {
  const tips = new Set([...state.refs.values()].map(({ id }) => id));
  const objects = new Set<string>();
  const assumed = new Set<string>();
  for (const { newId } of moves) {
    for (let id = newId; id !== undefined; id = scene.truth.parents.get(id)) {
      if (tips.has(id)) {
        assumed.add(id);
        break;
      }
      objects.add(id);
    }
  }
  return { objects: [...objects], assumed: [...assumed] };
}

/** Someone who fetches: everything that the catalogue names can be had, or the catalogue has changed. */
export async function reader(scene: Scene): Promise<void> {
  const process = new Process(scene, new ClientCache());
  for (let fetches = scene.world.rounds(4); fetches > 0; fetches--) {
    await process.nap(20_000);
    const repository = process.repository();
    await fetchAll(process, repository);
    await repository.save();
  }
}

/** Reads the state and every pack that it names; another state, when a pack was retired and is gone. */
export async function fetchAll(process: Process, repository: Repository): Promise<void> {
  let state = await process.read(repository);
  while (!(await fetched(process, repository, state))) {
    count(process.scene, "read again");
    const newer = await process.read(repository);
    if (newer.slot === state.slot) throw new Violation(`slot ${state.slot} names a pack that is gone`);
    state = newer;
  }
}

/** Pushes a new branch with a commit, packed again as often as it must be. Answers whether it was accepted. */
export async function pushCommit(process: Process, repository: Repository, ref: string): Promise<boolean> {
  const { truth, world } = process.scene;
  await push(process, repository, () => {
    const newId = world.random.hex(40);
    truth.parents.set(newId, undefined);
    return [{ ref, oldId: undefined, newId }];
  });
  return truth.state.refs.has(ref);
}

async function fetched(process: Process, repository: Repository, state: State): Promise<boolean> {
  const { backend } = process;
  const { downloadInline, downloadSegment } = process.scene.code;
  for (const pack of state.packs.values()) {
    try {
      await process.patiently(async () => {
        if (pack.name.kind !== "segment") return downloadInline(backend, pack, repository.records);
        for await (const chunk of downloadSegment(backend, pack.pack as Segment, "pack")) if (chunk.length === 0) break;
        return undefined;
      });
    } catch (error) {
      if (isTrunksError(error, "NOT_FOUND")) return false;
      throw error;
    }
  }
  return true;
}
