import { type RequestOptions, TrunksError } from "@trunks/core";
import { isRefName, type ObjectId, sortedRefs } from "@trunks/repo/client";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { publishMoves } from "./publish.ts";
import { reachableCommit } from "./reachable.ts";
import { branchPrefix, type OpenSession, type Session } from "./session.ts";

/** A branch, in the shape that the command line prints. */
export interface Branch {
  readonly object: "branch";
  /** Without `refs/heads/`. */
  readonly name: string;
  /** The last commit here, `null` when it is not here: a `Trunk` has the branch one stands on, `Trunks` has none. */
  readonly local_id: ObjectId | null;
  /** What it is in the trunk, as it was read last. */
  readonly trunk_id: ObjectId | null;
  /** `unknown`: they differ, and the trunk's commit is not here, so that it cannot be counted. */
  readonly relation: "equal" | "ahead" | "behind" | "diverged" | "local" | "trunk" | "unknown";
  /** Commits that the trunk does not have, and the other way round; where a clone could count them. */
  readonly ahead?: number;
  /** Commits that the trunk has and that are not here; where a clone could count them. */
  readonly behind?: number;
  /** Whether the trunk's HEAD names it; `null` when the trunk could not be asked. */
  readonly default: boolean | null;
}

/** Which branch is meant. */
export interface BranchOptions extends RequestOptions {
  /** The branch, without `refs/heads/`. */
  readonly name: string;
}

/** A new branch, and where it begins. */
export interface CreateBranchOptions extends BranchOptions {
  /** Where it begins: a branch, a tag, a commit that the trunk has. Default: the last pushed commit of the branch one stands on. */
  readonly from?: string;
}

/** The branches of a trunk. Each change is one push, and no object is copied. */
export class Branches {
  readonly #session: OpenSession;

  /** The session is asked for by each call. */
  constructor(session: OpenSession) {
    this.#session = session;
  }

  /** All branches, as the trunk was read last; by name. */
  async list(options: PageOptions & RequestOptions = {}): Promise<ListAnswer<Branch>> {
    const session = await this.#session(options);
    const names = sortedRefs(session.state)
      .map(([ref]) => ref)
      .filter((ref) => ref.startsWith(branchPrefix))
      .map((ref) => ref.slice(branchPrefix.length));
    if (session.standing && session.tip !== undefined && !names.includes(session.branch)) names.push(session.branch);
    return listPage(
      names.map((name) => branchOf(session, name)),
      options,
    );
  }

  /** Throws `NOT_FOUND`. */
  async get({ name, signal }: BranchOptions): Promise<Branch> {
    const branch = branchOf(await this.#session({ signal }), name);
    if (branch.local_id === null && branch.trunk_id === null) throw noBranch(name);
    return branch;
  }

  /** Makes a branch in the trunk. Throws `ALREADY_EXISTS`, and `NOT_FOUND` for a beginning that the trunk does not have. */
  async create({ name, from, signal }: CreateBranchOptions): Promise<Branch> {
    const session = await this.#session({ signal });
    return session.lock.run(signal, async () => {
      const ref = checkBranchName(name);
      if (session.state.refs.has(ref)) throw new TrunksError("ALREADY_EXISTS", `there is a branch ${name} already`);
      const newId = await reachableCommit(session, from ?? session.remoteTip, { signal });
      await publishMoves(session, [{ ref, oldId: undefined, newId }], { signal });
      return branchOf(session, name);
    });
  }

  /** Points a branch to another commit that the trunk has, wherever it pointed before. Throws `NOT_FOUND`. */
  async update({ name, to, signal }: BranchOptions & { readonly to: string }): Promise<Branch> {
    const session = await this.#session({ signal });
    return session.lock.run(signal, async () => {
      const ref = checkBranchName(name);
      if (session.standing && ref === session.ref) throw standingOn(name);
      const oldId = session.state.refs.get(ref)?.id;
      if (oldId === undefined) throw noBranch(name);
      const newId = await reachableCommit(session, to, { signal });
      if (newId !== oldId) await publishMoves(session, [{ ref, oldId, newId }], { signal });
      return branchOf(session, name);
    });
  }

  /** Takes a branch out of the trunk. Throws `NOT_FOUND`, and `INVALID_ARGUMENT` for the default branch and the one stood on. */
  async delete({ name, signal }: BranchOptions): Promise<void> {
    const session = await this.#session({ signal });
    await session.lock.run(signal, async () => {
      const ref = checkBranchName(name);
      const oldId = session.state.refs.get(ref)?.id;
      if (oldId === undefined) throw noBranch(name);
      if (session.standing && ref === session.ref) throw standingOn(name);
      if (ref === session.state.head) throw new TrunksError("INVALID_ARGUMENT", `${name} is the default branch`);
      await publishMoves(session, [{ ref, oldId, newId: undefined }], { signal });
    });
  }

  /** Stands on another branch. Throws `INVALID_ARGUMENT` when something here is staged or not pushed. */
  async switch({ name, signal }: BranchOptions): Promise<Branch> {
    const session = await this.#session({ signal });
    if (!session.standing) {
      throw new TrunksError("NOT_SUPPORTED", "nobody works on a branch here", {
        hint: "say `trunks.open({ branch })`",
      });
    }
    return session.lock.run(signal, async () => {
      const tip = session.state.refs.get(checkBranchName(name))?.id;
      if (tip === undefined) throw noBranch(name);
      if (session.tip !== session.base || session.hasStaged()) {
        throw new TrunksError("INVALID_ARGUMENT", `there is work on ${session.branch} that is not in the trunk`, {
          hint: "commit and push it, or discard it",
        });
      }
      await session.moveTo(tip, tip, { signal });
      session.branch = name;
      return branchOf(session, name);
    });
  }
}

function branchOf(session: Session, name: string): Branch {
  const stands = session.standing && name === session.branch;
  const local = stands ? (session.tip ?? null) : null;
  const trunk = session.state.refs.get(branchPrefix + name)?.id ?? null;
  return {
    object: "branch",
    name,
    local_id: local,
    trunk_id: trunk,
    relation: relationOf(local, trunk, session.base ?? null),
    default: session.state.head === branchPrefix + name,
  };
}

function relationOf(local: ObjectId | null, trunk: ObjectId | null, base: ObjectId | null): Branch["relation"] {
  if (local === null) return "trunk";
  if (trunk === null) return "local";
  if (local === trunk) return "equal";
  return base === trunk ? "ahead" : "diverged";
}

/** The full name. Throws `INVALID_ARGUMENT` for what cannot be a branch's name. */
export function checkBranchName(name: string): string {
  const ref = branchPrefix + name;
  if (isRefName(ref) && !name.startsWith("-") && name !== "HEAD") return ref;
  throw new TrunksError("INVALID_ARGUMENT", `${JSON.stringify(name)} cannot be a branch's name`);
}

export function noBranch(name: string): TrunksError {
  return new TrunksError("NOT_FOUND", `the trunk has no branch ${JSON.stringify(name)}`);
}

function standingOn(name: string): TrunksError {
  return new TrunksError("INVALID_ARGUMENT", `${name} is the branch that is worked on`);
}
