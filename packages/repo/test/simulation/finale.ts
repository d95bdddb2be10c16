import type { State } from "../../src/format/state.ts";
import { usesGit } from "./cast.ts";
import type { Code } from "./code.ts";
import { ancestry } from "./commits.ts";
import { fetchAll } from "./fetch.ts";
import { pushCommit } from "./push.ts";
import { count, newestSlotIn, Process, primaryName, type Scene } from "./scene.ts";
import { Violation } from "./truth.ts";
import { calm } from "./weather.ts";

/** So many tries are enough when nobody else is there: the first may rely on what was dropped. */
const maxPushes = 2;

/** When all faults have ended and everybody is gone, a push succeeds, and everything can be read. */
export async function finale(scene: Scene): Promise<void> {
  const process = new Process({ ...scene, weather: { ...calm, listDelayMs: scene.weather.listDelayMs } });
  await finishPromotion(process);
  const repository = process.repository();
  for (let pushes = 1; !(await pushCommit(process, repository, `refs/heads/last-${pushes}`)); pushes++)
    if (pushes === maxPushes) throw new Violation("no push succeeds, and nothing stands in its way");
  const state = await process.read(process.repository());
  if (![...state.refs.keys()].some((ref) => ref.startsWith("refs/heads/last-")))
    throw new Violation("a push succeeded, and its branch is not there");
  await fetchAll(process, repository);
  await checkMirrors(scene, state);
  if (!usesGit(scene.seed)) return;
  await readAll(scene, { backend: process.backend, state, records: repository.records });
}

/** Every object that the refs reach, as the product walks there, and made of what the packs hold. */
async function readAll({ code, commits }: Scene, trunk: Parameters<Code["reachableObjects"]>[0]): Promise<void> {
  const tips = [...trunk.state.refs.values()].map(({ id }) => id);
  const reached = new Set(tips.flatMap((tip) => [...ancestry(commits, tip)]));
  await code.reachableObjects(trunk, tips);
  const inChunks = new Set(commits.large(reached).map(({ id }) => id));
  const ids = [...reached].flatMap((commit) => commits.objectsOf(commit)).filter((id) => !inChunks.has(id));
  const left = new Set(ids);
  for await (const { id } of code.trunkObjects(trunk.backend, trunk.state, trunk.records).readMany(ids))
    left.delete(id);
  if (left.size > 0) throw new Violation(`${[...left][0]} cannot be read`);
}

/** Who has made a mirror the primary, and did not come to the end, does it again. */
async function finishPromotion(process: Process): Promise<void> {
  const { scene } = process;
  const { truth, mirrors, code } = scene;
  const names = [primaryName, ...mirrors.keys()];
  process.move(names.find((name) => newestSlotIn(scene, name) === truth.slot) as string);
  if (process.home !== truth.primary && newestSlotIn(scene, truth.primary) < truth.slot)
    await code.promote(process.repository(), truth.primary);
  process.move(truth.primary);
}

/** Each mirror has what the primary has, and is a trunk for whoever knows nothing else. */
async function checkMirrors(scene: Scene, { slot }: State): Promise<void> {
  if (scene.mirrors.size === 0) return;
  for (const name of [primaryName, ...scene.mirrors.keys()]) {
    const there = newestSlotIn(scene, name);
    if (there !== slot) throw new Violation(`${name} has slot ${there}, and a push has just reached ${slot}`);
    const process = new Process({ ...scene, weather: calm }, undefined, name);
    const repository = process.repository();
    await fetchAll(process, repository);
    count(scene, "read in a mirror");
  }
}
