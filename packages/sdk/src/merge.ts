import { type RequestOptions, TrunksError } from "@trunks/core";
import { decodeText, type ObjectId } from "@trunks/repo/client";
import { applyChanges } from "./apply.ts";
import { changesBetween, type PathChange } from "./changes.ts";
import { addContent, type FileContent } from "./files.ts";
import type { Identity } from "./identity.ts";
import { cleanMessage } from "./message.ts";
import { entryType, fileMode } from "./mode.ts";
import { addCommit } from "./new-commit.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";
import { mergeTexts } from "./text-merge.ts";
import { type Clash, combine } from "./three-way.ts";

/** Larger files are not merged line by line, in bytes. */
const maxTextSizeBytes = 2 ** 23;

/** A path that both sides changed, and that no rule decides. */
export interface MergeConflict {
  readonly object: "conflict";
  /** From the top of the repository. */
  readonly path: string;
  /**
   * `content`: both changed its lines. `binary`: it has no lines. `removed`: one side removed what the other changed. `added`:
   * both added it. `kind`: one side has a file where the other has something else.
   */
  readonly reason: "content" | "binary" | "removed" | "added" | "kind";
  /** The objects of the three versions; `null` where there is none. */
  readonly base_id: ObjectId | null;
  /** That of the branch which is merged into. */
  readonly our_id: ObjectId | null;
  /** That of what is merged. */
  readonly their_id: ObjectId | null;
  /** The text with git's markers around what both changed; `null` unless the reason is `content` or `added`. */
  readonly marked: string | null;
}

/** What a merge did, or what stands in its way. */
export interface MergeAnswer {
  readonly object: "merge";
  /** `conflicts`: nothing was changed. */
  readonly result: "up-to-date" | "fast-forward" | "merged" | "conflicts";
  /** The last commit here, afterwards. */
  readonly commit: ObjectId | null;
  /** What could not be decided; empty unless the result is `conflicts`. */
  readonly conflicts: readonly MergeConflict[];
}

/** How a merge is made, and who decides what no rule decides. */
export interface MergeOptions extends RequestOptions {
  /** Default: `Merge branch 'NAME'`. */
  readonly message?: string;
  /** Of the merge. Default: as given when the trunk was opened. */
  readonly author?: Identity;
  /** Of the merge. Default: as given when the trunk was opened. */
  readonly committer?: Identity;
  /** Decides a conflict, unless its reason is `kind`: the content that shall stand there, or `null` for no file. `undefined` leaves it. */
  readonly resolve?: (
    conflict: MergeConflict,
  ) => FileContent | null | undefined | Promise<FileContent | null | undefined>;
}

/** Merges another version into the branch, as a commit that is not pushed yet. Nothing may be staged. */
export async function merge(session: Session, source: string, options: MergeOptions): Promise<MergeAnswer> {
  const { history, tip } = session;
  const other = await resolveCommit(session, source, options);
  if (session.hasStaged()) {
    throw new TrunksError("INVALID_ARGUMENT", "there are staged changes", { hint: "commit or discard them first" });
  }
  const base = tip === undefined ? undefined : await history.mergeBase(tip, other, options);
  if (base === other) return answerOf(session, "up-to-date");
  if (base === tip) {
    await session.moveTo(other, session.base, options);
    return answerOf(session, "fast-forward");
  }
  if (base === undefined) throw new TrunksError("INVALID_ARGUMENT", `nothing joins ${source} with ${session.branch}`);
  return mergeDiverged(session, { base, ours: tip as ObjectId, theirs: other }, source, options);
}

interface Sides {
  readonly base: ObjectId;
  readonly ours: ObjectId;
  readonly theirs: ObjectId;
}

async function mergeDiverged(
  session: Session,
  sides: Sides,
  source: string,
  options: MergeOptions,
): Promise<MergeAnswer> {
  const { objects, format, history } = session;
  const treeOf = async (id: ObjectId) => (await history.commit(id, options)).tree;
  const base = await treeOf(sides.base);
  const ours = await changesBetween(objects, format, base, await treeOf(sides.ours), options);
  const theirs = await changesBetween(objects, format, base, await treeOf(sides.theirs), options);
  const { changes, clashes } = combine(ours, theirs);
  const decided: PathChange[] = [...changes];
  const conflicts: MergeConflict[] = [];
  for (const clash of clashes) {
    const outcome = await decide(session, clash, source, options);
    if ("after" in outcome) decided.push({ path: clash.path, after: outcome.after });
    else conflicts.push(outcome.conflict);
  }
  if (conflicts.length > 0) {
    objects.new.dropStaged();
    return { ...answerOf(session, "conflicts"), conflicts };
  }
  await applyChanges(session.staged, decided, options);
  const { author = session.author, committer = session.committer } = options;
  const message = cleanMessage(options.message ?? `Merge branch '${source}'`);
  const parents = [sides.ours, sides.theirs];
  await addCommit(session, { tree: session.staged.write(), parents, author, committer, message });
  objects.new.dropStaged();
  return answerOf(session, "merged");
}

/** What shall stand at a path, or why that is not known. */
async function decide(
  session: Session,
  clash: Clash,
  source: string,
  options: MergeOptions,
): Promise<{ readonly after: PathChange["after"] } | { readonly conflict: MergeConflict }> {
  const { path, base, ours, theirs } = clash;
  const merged = await mergeContents(session, clash, source, options);
  if (merged.after !== undefined) return { after: merged.after };
  const conflict: MergeConflict = {
    object: "conflict",
    path,
    reason: merged.reason,
    base_id: base?.id ?? null,
    our_id: ours?.id ?? null,
    their_id: theirs?.id ?? null,
    marked: merged.marked ?? null,
  };
  // What stands in a folder's place would take all that is in it away.
  const content = merged.reason === "kind" ? undefined : await options.resolve?.(conflict);
  if (content === undefined) return { conflict };
  if (content === null) return { after: undefined };
  const mode = ours?.mode ?? theirs?.mode ?? fileMode;
  return { after: { mode, id: await addContent(session, content, options) } };
}

interface Merged {
  readonly after?: PathChange["after"];
  readonly reason: MergeConflict["reason"];
  readonly marked?: string;
}

async function mergeContents(
  session: Session,
  { base, ours, theirs }: Clash,
  source: string,
  options: RequestOptions,
): Promise<Merged> {
  if (ours === undefined || theirs === undefined) {
    // A file that only one side has, and that is no removal, stands where the other has a folder.
    return { reason: base === undefined ? "kind" : "removed" };
  }
  const areFiles = [ours, theirs, base ?? ours].every(({ mode }) => entryType(mode) === "file");
  if (!areFiles) return { reason: "kind" };
  const mode = base !== undefined && ours.mode === base.mode ? theirs.mode : ours.mode;
  if (ours.id === theirs.id || theirs.id === base?.id) return { after: { mode, id: ours.id }, reason: "content" };
  if (ours.id === base?.id) return { after: { mode, id: theirs.id }, reason: "content" };
  const reason = base === undefined ? "added" : "content";
  const read = (id: ObjectId) => session.objects.readBlob(id, undefined, options);
  const texts = [
    base === undefined ? new Uint8Array(0) : await read(base.id),
    await read(ours.id),
    await read(theirs.id),
  ];
  if (texts.some(({ length }) => length > maxTextSizeBytes)) return { reason: "binary" };
  const labels = { ours: session.branch, theirs: source };
  const merged = await mergeTexts(...(texts as [Uint8Array, Uint8Array, Uint8Array]), labels);
  if (merged === undefined) return { reason: "binary" };
  if (!merged.clean) return { reason, marked: decodeText(merged.bytes) };
  return { after: { mode, id: await addContent(session, merged.bytes, options) }, reason };
}

function answerOf({ tip }: Session, result: MergeAnswer["result"]): MergeAnswer {
  return { object: "merge", result, commit: tip ?? null, conflicts: [] };
}
