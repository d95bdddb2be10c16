import type { RefMove } from "../../../src/format/entry.ts";
import type { State } from "../../../src/format/state.ts";
import { habitsOf } from "../habits.ts";
import { push } from "../push.ts";
import { ClientCache, Process, type Scene } from "../scene.ts";

const sharedRefs = ["refs/heads/a", "refs/heads/b", "refs/heads/b/c"];

/** A user who pushes now and then, to shared refs and to an own one, from short-lived processes or from a long-lived one. */
export async function writer(scene: Scene): Promise<void> {
  const { random } = scene.world;
  const process = new Process(scene, new ClientCache());
  const commits: string[] = [];
  let repository = process.repository();
  for (let pushes = scene.world.rounds(random.between(2, 6)); pushes > 0; pushes--) {
    await process.nap();
    if (random.chance(0.5) || repository.backend !== process.backend) repository = process.repository();
    const refs = chosenRefs(scene, `refs/heads/own-${scene.world.actor}`);
    await push(process, repository, (state) => refs.map((ref) => chosenMove(scene, state, ref, commits)));
    await repository.maintain();
    await repository.save();
  }
}

function chosenRefs({ world: { random } }: Scene, ownRef: string): string[] {
  const refs = new Set([random.chance(0.6) ? random.pick(sharedRefs) : ownRef]);
  if (random.chance(0.3)) refs.add(random.pick([...sharedRefs, ownRef]));
  return [...refs];
}

/** A deletion, a branch at what is there already or at what it is itself, or a new commit on the ref, on another, on an old one, or on nothing. */
function chosenMove(
  { world: { random }, commits: all, seed }: Scene,
  state: State,
  ref: string,
  commits: string[],
): RefMove {
  const oldId = state.refs.get(ref)?.id;
  const tips = [...state.refs.values()].map(({ id }) => id);
  if (oldId !== undefined && random.chance(habitsOf(seed).deletes)) return { ref, oldId, newId: undefined };
  if (tips.length > 0 && random.chance(0.15)) return { ref, oldId, newId: random.pick(tips) };
  if (random.chance(0.05)) return { ref, oldId, newId: oldId };
  const base = random.chance(0.6) ? oldId : random.pick([undefined, ...tips, ...commits]);
  const newId = all.make(base, random);
  commits.push(newId);
  return { ref, oldId, newId };
}
