import type { State } from "../../src/format/state.ts";
import { usesGit } from "./cast.ts";
import { fetchAll } from "./fetch.ts";
import { pushCommit } from "./push.ts";
import { count, Process, type Scene } from "./scene.ts";
import { Violation } from "./truth.ts";
import { calm } from "./weather.ts";

/** So many tries are enough when nobody else is there: the first may rely on what was dropped. */
const maxPushes = 2;

/** When all faults have ended and everybody is gone, a push succeeds, and everything can be read. */
export async function finale(scene: Scene): Promise<void> {
  const process = new Process({ ...scene, weather: { ...calm, listDelayMs: scene.weather.listDelayMs } });
  const repository = process.repository();
  for (let pushes = 1; !(await pushCommit(process, repository, `refs/heads/last-${pushes}`)); pushes++)
    if (pushes === maxPushes) throw new Violation("no push succeeds, and nothing stands in its way");
  const state = await process.read(process.repository());
  if (![...state.refs.keys()].some((ref) => ref.startsWith("refs/heads/last-")))
    throw new Violation("a push succeeded, and its branch is not there");
  await fetchAll(process, repository);
  await checkMirrors(scene, state);
  if (!usesGit(scene.seed)) return;
  const tips = [...state.refs.values()].map(({ id }) => id);
  await scene.code.reachableObjects({ backend: process.backend, state, records: repository.records }, tips);
}

/** Each mirror has what the primary has, and is a trunk for whoever knows nothing else. */
async function checkMirrors(scene: Scene, { slot }: State): Promise<void> {
  for (const [name, mirror] of scene.mirrors) {
    if (mirror.slot !== slot)
      throw new Violation(`${name} has slot ${mirror.slot}, and a push has just reached ${slot}`);
    const process = new Process({ ...scene, weather: calm }, undefined, name);
    const repository = process.repository();
    await fetchAll(process, repository);
    count(scene, "read in a mirror");
  }
}
