import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { ConflictError } from "./conflict.ts";
import { newObjectsOf } from "./outgoing-pack.ts";
import { publishMoves } from "./publish.ts";
import { replay } from "./replay.ts";
import type { Session } from "./session.ts";

/** Times that a push goes on top of what another writer pushed before it. */
const maxReplays = 32;

/** What a push does when another writer was first. */
export interface PushOptions extends RequestOptions {
  /** What to do when another writer was first and changed other paths. Default: nothing, and the push fails. */
  readonly retry?: "rebase" | "merge";
}

/** What a push did. */
export interface PushAnswer {
  readonly object: "push";
  /** The full name of the branch. */
  readonly ref: string;
  /** What the trunk had before; `null` for a new branch. */
  readonly old_id: ObjectId | null;
  /** What it has now; `null` on a branch without a commit. */
  readonly new_id: ObjectId | null;
  /** False when there was nothing to push. */
  readonly pushed: boolean;
  /** How often the commits were brought on top of what others had pushed. */
  readonly replays: number;
}

/** Publishes the commits made here. Throws `ConflictError` when the branch moved, and a retry is not wanted or not possible. */
export async function push(session: Session, options: PushOptions): Promise<PushAnswer> {
  const { ref } = session;
  for (let replays = 0; ; ) {
    const { tip, base } = session;
    const answer = { object: "push", ref, old_id: base ?? null, new_id: tip ?? null, replays } as const;
    if (tip === undefined || tip === base) return { ...answer, pushed: false };
    try {
      await publishMoves(session, [{ ref, oldId: base, newId: tip }], options);
      session.base = tip;
      return { ...answer, pushed: true };
    } catch (error) {
      if (!(error instanceof ConflictError)) session.unsettled = tip;
      if (!(error instanceof ConflictError) || error.moved.length === 0) throw error;
      if (await settleEarlier(session, options)) {
        if (session.base === tip) return { ...answer, pushed: true };
        continue;
      }
      if (options.retry === undefined || replays === maxReplays) throw error;
    }
    await replay(session, options.retry, options);
    replays++;
  }
}

/**
 * Whether an earlier push whose outcome was not told has reached the trunk, and others may have pushed on top of it: nobody
 * is in conflict with himself. Its commits count as pushed from then on.
 */
async function settleEarlier(session: Session, options: RequestOptions): Promise<boolean> {
  const { tip, remoteTip, history } = session;
  const sent = session.unsettled ?? (remoteTip === tip ? tip : undefined);
  if (sent === undefined || remoteTip === undefined) return false;
  session.unsettled = undefined;
  if (!(await history.isAncestor(sent, remoteTip, options))) return false;
  session.objects.new.pushed(newObjectsOf(session, sent).keys(), true);
  session.base = sent;
  return true;
}

/** How what is new and what was made here go together. */
export interface PullOptions extends RequestOptions {
  /** How commits that are not pushed go together with what is new. Default `rebase`. */
  readonly how?: "rebase" | "merge";
}

/** Reads the newest state and stands on it, with what was committed and staged here on top. Throws `ConflictError`. */
export async function pull(session: Session, options: PullOptions): Promise<void> {
  await session.fetch(options);
  if (session.remoteTip === undefined && session.base !== undefined) {
    throw new TrunksError("NOT_FOUND", `the trunk has no branch ${session.branch} any more`);
  }
  await settleEarlier(session, options);
  await replay(session, options.how ?? "rebase", options);
}
