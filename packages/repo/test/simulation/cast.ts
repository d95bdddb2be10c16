import { archivist } from "./actors/archivist.ts";
import { carrier } from "./actors/carrier.ts";
import { cleaner } from "./actors/cleaner.ts";
import { collector } from "./actors/collector.ts";
import { compactor } from "./actors/compactor.ts";
import { flapper } from "./actors/flapper.ts";
import { packer } from "./actors/packer.ts";
import { promoter } from "./actors/promoter.ts";
import { reader } from "./actors/reader.ts";
import { snapshotter } from "./actors/snapshotter.ts";
import { straggler } from "./actors/straggler.ts";
import { sweeper } from "./actors/sweeper.ts";
import { writer } from "./actors/writer.ts";
import type { Commits } from "./commits.ts";
import { GitCommits } from "./git-commits.ts";
import { ListedCommits } from "./listed-commits.ts";
import type { Scene } from "./scene.ts";

/** Somebody with a life of their own. The name is told in traces. */
export type Actor = (scene: Scene) => Promise<void>;

/** Whether packs are Git's, and the product tends them; elsewhere packs are lists, and upkeep is as rough as the rules allow. */
export function usesGit(seed: number): boolean {
  return seed % 4 === 2;
}

/** Whether some commits have files that are kept in chunks. */
function hasLargeFiles(seed: number): boolean {
  return seed % 8 === 6;
}

export function commitsOf(seed: number): Commits {
  return usesGit(seed) ? new GitCommits(hasLargeFiles(seed)) : new ListedCommits();
}

/** Names of the trunk's strict mirrors. Where there are some, all upkeep is the product's, which knows of them. */
export function mirrorsOf(seed: number): readonly string[] {
  if (seed % 8 !== 2) return [];
  return seed % 16 === 2 ? ["backup"] : ["archive", "backup"];
}

/** Whether other stores are made the primary while everybody pushes. */
function hasPromotions(seed: number): boolean {
  return mirrorsOf(seed).length > 0 && seed % 3 === 1;
}

/** Who takes part, by name. A new kind of actor is a file in `actors`, and a line here. */
export function castOf(seed: number): Map<string, Actor> {
  // In every third history a crowd comes at once, so that pushes wait for one another to be carried; in every sixth they all
  // want the same branch.
  const crowd = seed % 6 === 0 ? [10, 2] : seed % 6 === 3 ? [8, 8] : [4, 0];
  const writers = Array.from({ length: crowd[0] as number }, () => writer);
  const flappers = Array.from({ length: crowd[1] as number }, () => flapper);
  const upkeep = usesGit(seed)
    ? [packer, packer, collector, collector, cleaner, cleaner, archivist, straggler]
    : [compactor, compactor, sweeper, sweeper];
  const rough = mirrorsOf(seed).length > 0 ? [] : [snapshotter, carrier];
  const operators = hasPromotions(seed) ? [promoter, promoter] : [];
  const others = [reader, reader, ...upkeep, ...rough, ...operators];
  return new Map([...writers, ...flappers, ...others].map((actor, number) => [`${actor.name}-${number}`, actor]));
}
