import { push } from "../push.ts";
import { ClientCache, Process, type Scene } from "../scene.ts";

const ref = "refs/heads/a";

/** Makes a shared branch and deletes it again, quickly: so that what stood in another's way is gone a moment later. */
export async function flapper(scene: Scene): Promise<void> {
  const { random } = scene.world;
  const process = new Process(scene, new ClientCache());
  const repository = process.repository();
  for (let rounds = scene.world.rounds(6); rounds > 0; rounds--) {
    if (rounds % 3 === 0) await process.nap();
    else await scene.world.sleep(random.between(0, 100));
    await push(process, repository, (state) => {
      const oldId = state.refs.get(ref)?.id;
      return [{ ref, oldId, newId: oldId === undefined ? scene.commits.make(undefined, random) : undefined }];
    });
    await repository.maintain();
  }
}
