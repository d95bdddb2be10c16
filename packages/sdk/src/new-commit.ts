import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { type Commit, encodeCommit } from "./commit.ts";
import type { Identity } from "./identity.ts";
import { cleanMessage } from "./message.ts";
import type { Session } from "./session.ts";
import { decodeTree } from "./tree.ts";

/** What a commit says, and who it is by. */
export interface CommitOptions extends RequestOptions {
  /** Cleaned as `git commit -m` does it. Must not be empty. */
  readonly message: string;
  /** Default: as given when the trunk was opened. */
  readonly author?: Identity;
  /** Default: as given when the trunk was opened. */
  readonly committer?: Identity;
  /** Whether a commit that changes nothing is made all the same. Default false. */
  readonly allowEmpty?: boolean;
}

/** Commits what is staged. Makes no request. Throws `INVALID_ARGUMENT` when nothing is staged, or there is no message. */
export async function commitStaged(session: Session, options: CommitOptions): Promise<Commit> {
  const message = cleanMessage(options.message);
  if (message === "") throw new TrunksError("INVALID_ARGUMENT", "a commit needs a message");
  const { tip } = session;
  if (!options.allowEmpty && !session.hasStaged()) {
    throw new TrunksError("INVALID_ARGUMENT", "nothing is staged to be committed", {
      hint: "say `{ allowEmpty: true }` for a commit without changes",
    });
  }
  const tree = session.staged.write();
  const { author = session.author, committer = session.committer } = options;
  const commit = await addCommit(session, {
    tree,
    parents: tip === undefined ? [] : [tip],
    author,
    committer,
    message,
  });
  session.objects.new.dropStaged();
  return commit;
}

interface CommitParts {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly author: Identity;
  readonly committer: Identity;
  readonly message: string;
}

/** Makes a commit of a tree that was staged, and stands on it. */
export async function addCommit(session: Session, parts: CommitParts): Promise<Commit> {
  const id = makeCommit(session, parts);
  session.tip = id;
  session.tree = parts.tree;
  return session.history.commit(id, {});
}

/** Makes a commit of a tree that was staged, which no branch has. */
export function makeCommit(session: Session, parts: CommitParts): ObjectId {
  const now = new Date();
  const { author, committer } = parts;
  const data = encodeCommit({ ...parts, author: { date: now, ...author }, committer: { date: now, ...committer } });
  const { objects, staged } = session;
  const id = objects.new.add("commit", data);
  const ids = newIdsOf(session, parts.tree);
  objects.new.commit([id, ...ids]);
  staged.addKnown(ids);
  return id;
}

/** The objects of a tree that no commit has yet. */
function newIdsOf({ objects, staged, format }: Session, tree: ObjectId): Set<ObjectId> {
  const found = new Set<ObjectId>();
  const trees = [tree];
  for (let id = trees.pop(); id !== undefined; id = trees.pop()) {
    if (found.has(id) || staged.isKnown(id) || !objects.new.isNew(id)) continue;
    found.add(id);
    const object = objects.new.get(id);
    if (object?.type !== "tree") continue;
    for (const item of decodeTree(format, object.place as Uint8Array).values()) trees.push(item.id);
  }
  return found;
}
