import { type RequestOptions, TrunksError } from "@trunks/core";
import { type ObjectId, parseTag, type RefMove, type State } from "@trunks/repo/client";
import { decodeCommit } from "./commit.ts";
import { ConflictError } from "./conflict.ts";
import { maintainAfterPush } from "./maintenance.ts";
import type { NewObject } from "./new-objects.ts";
import { makePack, newObjectsOf } from "./outgoing-pack.ts";
import { isReachable } from "./reachable.ts";
import { branchPrefix, type Session } from "./session.ts";

/** A trunk with at most so many refs names all of them as assumed; a larger one says "any of them". */
const namedAssumptions = 16;
/** Times that a push is packed again, because what it was built on had been cleaned away. */
const maxPackings = 5;

/**
 * Moves refs in the trunk, all or none, and brings the objects that the new values need. Throws `ConflictError` when one of
 * them is not what `moves` expect.
 */
export async function publishMoves(
  session: Session,
  moves: readonly RefMove[],
  options: RequestOptions,
  head = firstHead(session.state, moves),
): Promise<void> {
  const { repository } = session;
  for (let packing = 1; packing <= maxPackings; packing++) {
    const found = new Map(moves.flatMap(({ newId }) => (newId === undefined ? [] : [...newObjectsOf(session, newId)])));
    await checkGround(session, moves, found, options);
    const outgoing = await makePack(session, found, options);
    try {
      const { slot, refs } = session.state;
      const values = [...new Set([...refs.values()].map(({ id }) => id))];
      const assumed = values.length <= namedAssumptions ? values : "*";
      const { pack, large } = outgoing;
      const author = `${session.committer.name} <${session.committer.email}>`;
      const { unproved } = session;
      const publication = { moves, head, atomic: true, pack, large, basis: slot, assumed, unproved, author } as const;
      const outcome = await repository.publish(publication, options);
      session.useState(outcome.state);
      if (outcome.kind === "decided") return settle(session, outcome, moves, outgoing.ids, pack?.kind === "segments");
    } finally {
      await outgoing.close();
    }
  }
  throw new TrunksError("CONFLICT", "the trunk was cleaned up again and again while this push was packed", {
    hint: "push again",
  });
}

/**
 * What a push brings stands on commits that the trunk has. Those that no ref leads to any more may be cleaned away, and then
 * nothing may be built on them. Throws `ConflictError`.
 */
async function checkGround(
  session: Session,
  moves: readonly RefMove[],
  found: ReadonlyMap<ObjectId, NewObject>,
  options: RequestOptions,
): Promise<void> {
  // Refused anyway, and by a newer state.
  if (moves.some(({ ref, oldId }) => session.state.refs.get(ref)?.id !== oldId)) return;
  for (const id of groundOf(session, moves, found)) {
    if (await isReachable(session, id, options)) continue;
    const message = `what is pushed stands on ${id}, and nothing in the trunk leads there any more`;
    throw new ConflictError(message, "a branch was deleted or rewritten since; begin anew from what is there", []);
  }
}

/** Commits that are not brought, and that what is brought or made a ref's value stands on. */
function groundOf(
  { format }: Session,
  moves: readonly RefMove[],
  found: ReadonlyMap<ObjectId, NewObject>,
): Set<ObjectId> {
  const ids = moves.flatMap(({ newId }) => newId ?? []);
  for (const [id, { type, place }] of found) {
    if (type === "commit") ids.push(...decodeCommit(format, id, place as Uint8Array).parents);
    if (type === "tag") ids.push(parseTag(format, place as Uint8Array).object);
  }
  return new Set(ids.filter((id) => !found.has(id)));
}

type Outcome = Awaited<ReturnType<Session["repository"]["publish"]>>;
type Decided = Extract<Outcome, { readonly kind: "decided" }>;

function settle(
  session: Session,
  outcome: Decided,
  moves: readonly RefMove[],
  ids: readonly ObjectId[],
  keep: boolean,
): void {
  const verdicts = [...outcome.moves, outcome.head ?? "applied"];
  if (verdicts.every((verdict) => verdict === "applied")) {
    session.objects.new.pushed(ids, keep);
    session.unproved = false;
    for (const { error } of outcome.missed) session.warn(`pushed, and a mirror did not take it: ${error.message}`);
    session.background = session.background.then(() => maintainAfterPush(session));
    return;
  }
  const moved = moves.flatMap(({ ref, oldId }, index) => {
    const actual = outcome.state.refs.get(ref)?.id;
    return outcome.moves[index] === "stale" ? [{ ref, expected: oldId ?? null, actual: actual ?? null }] : [];
  });
  if (moved.length > 0) {
    const names = moved.map(({ ref }) => ref).join(", ");
    throw new ConflictError(
      `${names} moved in the trunk since it was read`,
      'pull first, or push with a "retry"',
      moved,
    );
  }
  const clash = moves.find((_, index) => outcome.moves[index] === "conflict")?.ref ?? "HEAD";
  throw new ConflictError(
    `${clash}: another ref's name is a folder of this one, or this of another`,
    "choose another name",
    [],
  );
}

/** The first push of a trunk decides what HEAD names: the branch that it brings. */
function firstHead(state: State, moves: readonly RefMove[]): { oldTarget: string; newTarget: string } | undefined {
  if (state.slot !== -1 || moves.some(({ ref }) => ref === state.head)) return undefined;
  const newTarget = moves.find(({ ref, newId }) => newId !== undefined && ref.startsWith(branchPrefix))?.ref;
  return newTarget === undefined ? undefined : { oldTarget: state.head, newTarget };
}
