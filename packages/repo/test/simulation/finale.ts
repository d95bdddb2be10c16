import { usesGit } from "./cast.ts";
import { fetchAll } from "./fetch.ts";
import { pushCommit } from "./push.ts";
import { Process, type Scene } from "./scene.ts";
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
  if (!usesGit(scene.seed)) return;
  const tips = [...state.refs.values()].map(({ id }) => id);
  await scene.code.reachableObjects({ backend: process.backend, state, records: repository.records }, tips);
}
