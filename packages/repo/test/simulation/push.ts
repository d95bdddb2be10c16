import { isTrunksError } from "@trunks/core";
import type { RefMove } from "../../src/format/entry.ts";
import type { State } from "../../src/format/state.ts";
import type { Repository } from "../../src/repository.ts";
import type { Publication } from "../../src/transfer/publication.ts";
import { ancestry } from "./commits.ts";
import { habitsOf } from "./habits.ts";
import { count, isAway, type Process, type Scene } from "./scene.ts";
import type { Told } from "./truth.ts";

/** Times that a push is packed again. */
const maxPackings = 5;

/** What a push is to move, given what its user knows of the refs. */
type Choice = (state: State) => RefMove[];

/** One push of a user, packed again as often as it must be. */
export async function push(process: Process, repository: Repository, choose: Choice): Promise<void> {
  const state = await process.read(repository, true).catch((error) => {
    if (!process.isSentElsewhere(error)) throw error;
  });
  if (state !== undefined) await pushFrom(state, process, repository, choose);
}

/** The same, from what its user has read; at first thin against `base`, a commit that some ref had there, if one is given. */
export async function pushFrom(
  first: State,
  process: Process,
  repository: Repository,
  choose: Choice,
  base?: string,
): Promise<void> {
  const { scene } = process;
  let state = first;
  // A large repository takes its time to be packed.
  if (scene.world.random.chance(habitsOf(scene.seed).dawdles)) await process.nap();
  for (let packing = 0; packing < maxPackings; packing++) {
    const name = `push ${scene.world.random.hex(12)}`;
    const publication = await prepared(scene, state, choose(state), name, packing === 0 ? base : undefined);
    // A large file takes its time to be read.
    if (publication.large !== undefined && scene.world.random.chance(0.5)) await process.nap();
    scene.calls.push(name, publication);
    scene.world.note(() => `begins ${describe(publication)}`);
    try {
      const outcome = await repository.publish(publication);
      scene.truth.checkReading(outcome.state, -1);
      count(scene, outcome.kind);
      if (outcome.kind === "decided") {
        const { missed, state } = outcome;
        count(scene, missed.length > 0 ? "missed" : "reached all");
        // Who is refused may have seen a push of somebody else's that is not in the mirrors yet, and was not acknowledged either.
        const isAcknowledged = missed.length === 0 && outcome.moves.includes("applied");
        if (isAcknowledged) scene.truth.acknowledged = Math.max(scene.truth.acknowledged, state.slot);
        tell(scene, name, outcome.head === undefined ? outcome.moves : [...outcome.moves, outcome.head], outcome.state);
        return checkVerdicts(scene, publication, outcome.moves);
      }
      tell(scene, name, "repack", outcome.state);
      state = outcome.state;
    } catch (error) {
      const isUnknown = isTrunksError(error, "OUTCOME_UNKNOWN");
      if (!isUnknown && !isAway(error) && !process.isSentElsewhere(error)) throw error;
      count(scene, isUnknown ? "unknown" : "failed");
      return tell(scene, name, isUnknown ? "unknown" : "failed", state);
    }
  }
}

/** Pushes a new branch with a commit, packed again as often as it must be. Answers whether it was accepted. */
export async function pushCommit(process: Process, repository: Repository, ref: string): Promise<boolean> {
  const { truth, world, commits } = process.scene;
  await push(process, repository, () => {
    const newId = commits.make(undefined, world.random);
    return [{ ref, oldId: undefined, newId }];
  });
  return truth.state.refs.has(ref);
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

async function prepared(
  scene: Scene,
  state: State,
  moves: readonly RefMove[],
  author: string,
  base: string | undefined,
): Promise<Publication> {
  const { random } = scene.world;
  const { objects, assumed } = missing(scene, state, moves);
  const isInline = base !== undefined || random.chance(0.5);
  // A thin pack may be against anything that the assumed values reach, as in a shallow clone, or one that has bitmaps.
  const tips = [...state.refs.values()].map(({ id }) => id);
  const strays = objects.length > 0 && isInline && tips.length > 0 && random.chance(habitsOf(scene.seed).strays);
  const stray = base ?? (strays ? random.pick(tips) : undefined);
  if (stray !== undefined) assumed.push(stray);
  const body = await scene.commits.pack(objects, isInline ? assumed : []);
  const large = scene.commits.large(objects);
  if (large.length > 0) count(scene, "large");
  const pack: Publication["pack"] = isInline
    ? { kind: "inline", bytes: body.pack, objectCount: body.objectCount }
    : { kind: "segments", segments: [body] };
  return {
    author,
    basis: state.slot,
    moves,
    atomic: random.chance(0.3),
    assumed: random.chance(0.2) ? "*" : assumed,
    ...(objects.length === 0 ? {} : { pack }),
    ...(large.length === 0 ? {} : { large }),
    ...(random.chance(0.05)
      ? { head: { oldTarget: state.head, newTarget: `refs/heads/${random.pick(["a", "b"])}` } }
      : {}),
  };
}

/** What the new values reach and the state's refs do not, as a walk through the history finds it. */
function missing(scene: Scene, state: State, moves: readonly RefMove[]): { objects: string[]; assumed: string[] } {
  const tips = new Set([...state.refs.values()].map(({ id }) => id));
  const objects = new Set<string>();
  const assumed = new Set<string>();
  for (const { newId } of moves) {
    for (const id of ancestry(scene.commits, newId)) {
      if (tips.has(id)) {
        assumed.add(id);
        break;
      }
      objects.add(id);
    }
  }
  return { objects: [...objects], assumed: [...assumed] };
}
