import { TrunksError } from "@trunks/core";
import { type GitAccess, redactUrl } from "@trunks/location";
import type { Follower, MoveOutcome, RefMove, Repository, State } from "@trunks/repo";
import { fetch } from "../helper/fetch.ts";
import { gitSucceeds } from "../helper/git.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { lookUpObjects, tipsOfPartialClone } from "../helper/object-lookup.ts";
import { HelperOptions } from "../helper/options.ts";
import { refusalOf } from "./refusal.ts";
import { type RemoteGitOptions, type RemoteGitResult, remoteGit } from "./remote-git.ts";

export interface GitFollowerOptions {
  /** What the storage is called. Default: nobody has said so yet. */
  readonly name?: string;
  /** The clone from which is pushed. Without one it can be looked at only. */
  readonly gitDir?: string;
  /** Has the objects that the clone lacks. */
  readonly repository?: () => Repository;
  readonly verbose?: boolean;
  /** Whether to show how far a push is; asked when one begins. Default: no. */
  readonly progress?: () => boolean;
  /** Give up on a host that does not answer within seconds. Default false. */
  readonly hurried?: boolean;
}

interface Request {
  readonly signal?: AbortSignal;
}

/** In milliseconds, for answers that hold refs alone. */
const [patienceMs, hurryMs] = [30_000, 10_000];

/** A ref that nobody has, for pushes that are only tried out. */
const triedRef = "refs/trunks/tried";
/** What git knows without having it: the tree of nothing. */
const emptyTrees = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/** Characters of moves in the arguments of one run of git; systems allow some hundred thousand. */
const maxArgumentsLength = 400_000;

/** A Git repository elsewhere, reached by the user's own git. */
export class GitFollower implements Follower {
  readonly #access: GitAccess;
  readonly #options: GitFollowerOptions;
  readonly #local: LocalRepository;

  constructor(access: GitAccess, options: GitFollowerOptions) {
    this.#access = access;
    this.#options = options;
    this.#local = new LocalRepository(options.gitDir ?? process.env.GIT_DIR ?? ".git");
  }

  async refs({ signal }: Request = {}): Promise<ReadonlyMap<string, string>> {
    const { output, failure } = await this.#run(["ls-remote", "--heads", "--tags", "--refs", this.#access.url], {
      signal,
      deadlineMs: this.#deadlineMs,
    });
    if (failure !== undefined) throw refusalOf(failure, this.#options.name);
    const found = [...output.matchAll(/^([0-9a-f]{40,64})\t(.+)$/gm)];
    return new Map(found.map(([, id = "", ref = ""]) => [ref, id]));
  }

  /** As a push of what git always has to a ref that is never made. */
  async mayPush({ signal }: Request = {}): Promise<void> {
    const tree = emptyTrees[await this.#local.objectFormat()];
    const { failure } = await this.#push(["--dry-run", this.#access.url, `${tree}:${triedRef}`], {
      signal,
      deadlineMs: this.#deadlineMs,
    });
    if (failure !== undefined) throw refusalOf(failure, this.#options.name);
  }

  async includes(id: string, oldId: string, { signal }: Request = {}): Promise<boolean> {
    const environment = { GIT_NO_LAZY_FETCH: "1" };
    return gitSucceeds(["merge-base", "--is-ancestor", oldId, id], { environment, trueHistory: true, signal });
  }

  async move(moves: readonly RefMove[], state: State, { signal }: Request = {}): Promise<MoveOutcome> {
    const lacking = await this.#lacking(moves, signal);
    if (lacking.length > 0) await this.#fetch(lacking, state, signal);
    for (const part of parts(moves)) {
      let result = await this.#pushMoves(part, signal);
      if (result.failure !== undefined && lacksObjects.test(result.failure + result.output)) {
        // What a clone of a part of history cannot send, the trunk has.
        await this.#fetch(newIds(part), state, signal);
        result = await this.#pushMoves(part, signal, { GIT_SHALLOW_FILE: "" });
      }
      const outcome = outcomeOf(result, this.#options.name);
      if (outcome.kind !== "moved") return outcome;
    }
    return { kind: "moved" };
  }

  get #deadlineMs(): number {
    return this.#options.hurried ? hurryMs : patienceMs;
  }

  async #lacking(moves: readonly RefMove[], signal = new AbortController().signal): Promise<string[]> {
    const wanted = newIds(moves);
    const partial = (await this.#local.settings()).isPartialClone;
    const found = partial
      ? new Set(await tipsOfPartialClone(new Set(wanted), signal))
      : await lookUpObjects(wanted, signal);
    return wanted.filter((id) => !found.has(id));
  }

  /** Brings objects of the trunk into the clone, as a fetch does. */
  async #fetch(ids: readonly string[], state: State, signal = new AbortController().signal): Promise<void> {
    const repository = this.#options.repository?.();
    if (repository === undefined) throw new TrunksError("NOT_FOUND", "the clone lacks objects that are to be pushed");
    const options = new HelperOptions();
    options.refetch = this.#local.shallow || (await this.#local.settings()).isPartialClone;
    await fetch(ids, { repository, local: this.#local, options, state, signal });
  }

  /** `--force-with-lease` is what makes it a move of what was seen, and of nothing else. */
  async #pushMoves(
    moves: readonly RefMove[],
    signal: AbortSignal | undefined,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RemoteGitResult> {
    const leases = moves.map(({ ref, oldId }) => `--force-with-lease=${ref}:${oldId ?? ""}`);
    const refs = moves.map(({ ref, newId }) => `${newId ?? ""}:${ref}`);
    const all = [...leases, this.#access.url, ...refs];
    const result = await this.#push(["--atomic", ...all], { signal, environment });
    // Some hosts move one ref after the other, and say so before anything has moved.
    const isTooOld = result.failure?.includes("does not support --atomic");
    return isTooOld ? this.#push(all, { signal, environment }) : result;
  }

  #push(args: readonly string[], options: RemoteGitOptions): Promise<RemoteGitResult> {
    // Whatever the user has said for own pushes.
    const plain = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--no-recurse-submodules"];
    const shown = this.#options.progress?.() === true && !args.includes("--dry-run");
    if (!shown) return this.#run(["push", ...plain, ...args], options);
    const progressOf = this.#options.name ?? "mirror";
    return this.#run(["push", "--progress", ...plain, ...args], { ...options, progressOf });
  }

  #run(args: readonly string[], options: RemoteGitOptions): Promise<RemoteGitResult> {
    const { gitDir, verbose } = this.#options;
    return remoteGit(this.#access, args, { ...options, gitDir: gitDir && this.#local.gitDir, verbose });
  }
}

function newIds(moves: readonly RefMove[]): string[] {
  return [...new Set(moves.flatMap(({ newId }) => newId ?? []))];
}

/**
 * What can go in one push each. Deletions come first where a ref's name is a folder of another's that is made: git cannot do
 * both at once.
 */
function parts(moves: readonly RefMove[]): RefMove[][] {
  const deletions = moves.filter(({ newId }) => newId === undefined);
  const others = moves.filter(({ newId }) => newId !== undefined);
  if (!overlap(deletions, others) && !overlap(others, deletions)) return [...shortParts(moves)];
  return [...shortParts(deletions), ...shortParts(others)];
}

/** Whether the name of one of the first is a folder of one of the second. */
function overlap(first: readonly RefMove[], second: readonly RefMove[]): boolean {
  const names = new Set(first.map(({ ref }) => ref));
  return second.some(({ ref }) => [...ref.matchAll(/\//g)].some(({ index }) => names.has(ref.slice(0, index))));
}

function* shortParts(moves: readonly RefMove[]): Generator<RefMove[]> {
  let part: RefMove[] = [];
  let length = 0;
  for (const move of moves) {
    if (length > maxArgumentsLength) {
      yield part;
      [part, length] = [[], 0];
    }
    part.push(move);
    length += 2 * move.ref.length + 150;
  }
  if (part.length > 0) yield part;
}

/** What git says when objects are missing here. */
const lacksObjects =
  /bad object|unable to read|missing (blob|tree|commit|object|necessary objects)|did not receive expected object|shallow update not allowed|Could not read/;

/** What git says became of a push. Throws when it did not come so far that single refs were refused. */
function outcomeOf({ output, failure }: RemoteGitResult, name: string | undefined): MoveOutcome {
  if (failure === undefined) return { kind: "moved" };
  const refused = output.split("\n").flatMap((line) => {
    const [flag, refs = "", why = ""] = line.split("\t");
    return flag === "!" ? [{ ref: refs.slice(refs.indexOf(":") + 1), why }] : [];
  });
  if (refused.length === 0) throw refusalOf(failure, name);
  // A ref that was not as expected, or that somebody moved while this push was under way.
  const stale = /stale info|fetch first|failed to update ref|cannot lock ref|incorrect old value/;
  if (refused.some(({ why }) => stale.test(why))) return { kind: "stale" };
  const own = refused.filter(({ why }) => !/atomic/.test(why));
  const told = (own.length > 0 ? own : refused).slice(0, 3).map(({ ref, why }) => `${ref} ${why}`);
  const error = new TrunksError("PERMISSION_DENIED", redactUrl(`it refuses ${told.join(", ")}: ${failure}`), {
    hint: "the host protects that ref, or does not take what is in a commit: allow it there; or move the branch back and push it with --force-with-lease, delete it, or take it out of the branch",
  });
  return { kind: "refused", error };
}
