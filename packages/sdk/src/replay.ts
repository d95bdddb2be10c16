import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { applyChanges } from "./apply.ts";
import { changesBetween, type PathChange } from "./changes.ts";
import type { Commit } from "./commit.ts";
import { ConflictError, type MovedRef, pathsText } from "./conflict.ts";
import type { Identity } from "./identity.ts";
import { addCommit } from "./new-commit.ts";
import type { Session } from "./session.ts";
import { combine } from "./three-way.ts";

/**
 * Brings what was committed and staged here on top of the trunk's branch as it was read last: the commits one by one
 * (`rebase`), or in one merge (`merge`). Throws `ConflictError`, and changes nothing, when a path was changed on both sides, or
 * the trunk's branch is not a later version of what it was.
 */
export async function replay(session: Session, how: "rebase" | "merge", options: RequestOptions): Promise<void> {
  const { base, tip, remoteTip, history } = session;
  if (remoteTip === base) return;
  const moved: MovedRef[] = [{ ref: session.ref, expected: base ?? null, actual: remoteTip ?? null }];
  if (remoteTip === undefined) throw cannot("it was deleted", moved);
  const staged = await stagedChanges(session, options);
  // What is staged may be made of contents that only the old history has.
  const isLoose = tip === base && staged.length === 0;
  const isLater = isLoose || base === undefined || (await history.isAncestor(base, remoteTip, options));
  if (!isLater) throw cannot("its history was rewritten", moved);
  const theirs = await between(session, base, remoteTip, options);
  const steps = how === "rebase" ? await localSteps(session, options) : [];
  const committed = await between(session, base, tip, options);
  const ours = [staged, ...(how === "rebase" ? steps.map(({ changes }) => changes) : [committed])];
  const clashes = ours.flatMap((changes) => combine(theirs, changes).clashes.map(({ path }) => path));
  if (clashes.length > 0) {
    const paths = [...new Set(clashes)].sort();
    const message = `${session.ref} moved in the trunk, and both sides changed ${pathsText(paths)}`;
    throw new ConflictError(message, "`merge` tells what each side made of them", moved, paths);
  }
  const before = { tip, base, tree: session.tree, staged: session.staged };
  try {
    if (tip === base) await session.moveTo(remoteTip, remoteTip, options);
    else if (how === "rebase") await rebase(session, steps, remoteTip, options);
    else await mergeBoth(session, committed, remoteTip, options);
    await applyChanges(session.staged, staged, options);
  } catch (error) {
    Object.assign(session, before);
    throw error;
  }
}

/** What is staged and not committed. */
export async function stagedChanges(session: Session, options: RequestOptions): Promise<PathChange[]> {
  return changesBetween(session.objects, session.format, session.tree, session.staged.write(), options);
}

interface Step {
  readonly commit: Commit;
  readonly changes: readonly PathChange[];
}

/** What each commit changed that was made here and not pushed, the oldest first. Throws `NOT_SUPPORTED` for a merge. */
async function localSteps(session: Session, options: RequestOptions): Promise<Step[]> {
  const { history, tip, base } = session;
  if (tip === undefined || tip === base) return [];
  const steps: Step[] = [];
  for await (const commit of history.walk([tip], base === undefined ? [] : [base], options)) {
    const [parent, ...others] = commit.parents;
    if (others.length > 0) {
      throw new TrunksError("NOT_SUPPORTED", "a merge cannot be rebased", { hint: 'use "merge" in its place' });
    }
    steps.push({ commit, changes: await between(session, parent, commit.id, options) });
  }
  return steps.reverse();
}

async function rebase(
  session: Session,
  steps: readonly Step[],
  onto: ObjectId,
  options: RequestOptions,
): Promise<void> {
  await session.moveTo(onto, onto, options);
  for (const { commit, changes } of steps) {
    await applyChanges(session.staged, changes, options);
    const { message } = commit;
    const parents = [session.tip as ObjectId];
    const { committer } = session;
    await addCommit(session, { tree: session.staged.write(), parents, author: identityOf(commit), committer, message });
  }
}

async function mergeBoth(
  session: Session,
  committed: readonly PathChange[],
  theirs: ObjectId,
  options: RequestOptions,
): Promise<void> {
  const { tip, author, committer, branch } = session;
  await session.moveTo(theirs, theirs, options);
  await applyChanges(session.staged, committed, options);
  const message = `Merge branch '${branch}'\n`;
  const parents = [tip as ObjectId, theirs];
  await addCommit(session, { tree: session.staged.write(), parents, author, committer, message });
}

/** Who wrote a commit and when, to be written again. */
function identityOf({ author: { name, email, date } }: Commit): Identity {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(date) ?? [];
  const timezoneMinutes = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  return { name, email, date: new Date(date), timezoneMinutes };
}

async function between(
  session: Session,
  before: ObjectId | undefined,
  after: ObjectId | undefined,
  options: RequestOptions,
): Promise<PathChange[]> {
  const trees = [await treeOf(session, before, options), await treeOf(session, after, options)] as const;
  return changesBetween(session.objects, session.format, ...trees, options);
}

async function treeOf(
  { history }: Session,
  id: ObjectId | undefined,
  options: RequestOptions,
): Promise<ObjectId | undefined> {
  return id === undefined ? undefined : (await history.commit(id, options)).tree;
}

function cannot(why: string, moved: readonly MovedRef[]): ConflictError {
  return new ConflictError(
    `${moved[0]?.ref} moved in the trunk: ${why}`,
    "look at what is there before you go on",
    moved,
  );
}
