import { push, pushFrom } from "../push.ts";
import { ClientCache, Process, type Scene } from "../scene.ts";

/** Somebody whose push builds on a branch that is gone by the time it arrives, and who pushes again at once. */
export async function straggler(scene: Scene): Promise<void> {
  const { world, commits } = scene;
  const { random } = world;
  const process = new Process(scene, new ClientCache());
  const base = `refs/heads/base-${world.actor}`;
  const own = `refs/heads/own-${world.actor}`;
  for (let rounds = world.rounds(2); rounds > 0; rounds--) {
    await process.nap(30_000);
    await push(process, process.repository(), (state) => [
      { ref: base, oldId: state.refs.get(base)?.id, newId: commits.make(undefined, random) },
    ]);
    const slow = process.repository();
    const state = await process.read(slow);
    await push(process, process.repository(), (now) => [
      { ref: base, oldId: now.refs.get(base)?.id, newId: undefined },
    ]);
    await process.nap(20_000);
    const against = state.refs.get(base)?.id;
    const move = (ref: string) => [{ ref, oldId: state.refs.get(ref)?.id, newId: commits.make(undefined, random) }];
    await pushFrom(state, process, slow, () => move(own), against);
    await push(process, process.repository(), (now) => [
      { ref: `${own}-2`, oldId: now.refs.get(`${own}-2`)?.id, newId: commits.make(undefined, random) },
    ]);
  }
}
