import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";

/**
 * The commit that a text names, when a ref of the trunk reaches it: what none reaches may be cleaned away at any time, so
 * no ref may be made on it. Throws `NOT_FOUND`.
 */
export async function reachableCommit(
  session: Session,
  text: string | undefined,
  options: RequestOptions,
): Promise<ObjectId> {
  const id = text === undefined ? undefined : await resolveCommit(session, text, options);
  if (id !== undefined && (await isReachable(session, id, options))) return id;
  const what = text === undefined ? `the trunk has no branch ${session.branch} yet` : `the trunk does not have ${text}`;
  throw new TrunksError("NOT_FOUND", what, { hint: "push the commit first" });
}

/** Whether a ref of the trunk, as it was read last, is the commit or leads to it. */
export async function isReachable(session: Session, id: ObjectId, options: RequestOptions): Promise<boolean> {
  const tips: ObjectId[] = [];
  for (const { id: value, peeledId } of session.state.refs.values()) {
    if (value === id || peeledId === id) return true;
    tips.push(value);
  }
  if (session.objects.new.isNew(id)) return false;
  for (const tip of new Set(tips)) {
    const object = await session.objects.find(tip, options);
    if (object?.type === "commit" && (await session.history.isAncestor(id, tip, options))) return true;
  }
  return false;
}
