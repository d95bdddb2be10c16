import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Comparison } from "./comparison.ts";
import type { Random } from "./random.ts";
import type { Step } from "./step.ts";

export type RepositoryKind = "whole" | "shallow" | "partial" | "mirror";

export interface KnownRepository {
  readonly folder: string;
  readonly kind: RepositoryKind;
  readonly bare: boolean;
}

const maxRepositories = 5;

/** What a generated program knows when it plans its next step. Facts are read from the side of the bare repository. */
export class World {
  readonly random: Random;
  readonly #known: KnownRepository[] = [{ folder: "work", kind: "whole", bare: false }];
  readonly #comparison: Comparison;
  #names = 0;

  constructor(comparison: Comparison, random: Random) {
    this.#comparison = comparison;
    this.random = random;
  }

  /** A number that was not used before. */
  fresh(): number {
    return this.#names++;
  }

  /** Repositories that are there: not every clone succeeds. */
  get repositories(): readonly KnownRepository[] {
    return this.#known.filter(({ folder }) => existsSync(join(this.#comparison.theirs.path, folder)));
  }

  repository(
    kinds: readonly RepositoryKind[] = ["whole", "shallow", "partial", "mirror"],
  ): KnownRepository | undefined {
    return this.random.pickAny(this.repositories.filter(({ kind }) => kinds.includes(kind)));
  }

  /** One more repository; the oldest but `work` is forgotten when they are too many. */
  add(repository: KnownRepository): void {
    if (this.#known.length === maxRepositories) this.#known.splice(1, 1);
    this.#known.push(repository);
  }

  /** Names of a repository's refs that begin with `prefix`. */
  refs(folder: string, prefix = "refs/"): Promise<string[]> {
    return this.#comparison.theirs.lines(folder, "for-each-ref", "--format=%(refname)", prefix);
  }

  /** Names of the remote's refs that begin with `prefix`. */
  async remoteRefs(prefix = "refs/"): Promise<string[]> {
    const [, ...refs] = await this.#comparison.theirs.remoteRefs();
    const names = refs.map((line) => line.slice(line.indexOf(" ") + 1));
    return names.filter((name) => name.startsWith(prefix) && !name.endsWith("^{}"));
  }

  /** Ids of some commits that refs of the remote reach. */
  remoteCommits(): Promise<string[]> {
    return this.#comparison.theirs.lines("remote", "rev-list", "--all", "--max-count=30");
  }
}

/** Something that a user may do: plans its steps, or none when the world does not offer what it needs. */
export type Operation = (world: World) => Promise<readonly Step[]>;
