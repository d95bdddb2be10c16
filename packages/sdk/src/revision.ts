import { type RequestOptions, TrunksError } from "@trunks/core";
import { isObjectId, type ObjectId, parseTag } from "@trunks/repo/client";
import { branchPrefix, type Session } from "./session.ts";

/** More tags than that in a row are no honest tag. */
const maxTagDepth = 64;

/**
 * The commit that a text names: `HEAD` (the last commit here), a branch, a tag, a full ref's name, a commit's id or its
 * first digits; behind each, `~2` and `^2` as in git. The branch one stands on is meant with its commits that are not
 * pushed. Throws `NOT_FOUND`.
 */
export async function resolveCommit(session: Session, text: string, options: RequestOptions): Promise<ObjectId> {
  const found = /^(.*?)((?:[~^][0-9]*)*)$/s.exec(text);
  const [, name = text, steps = ""] = found ?? [];
  const named = await resolveName(session, name, options);
  if (named === undefined) throw unknown(text);
  let id = isBranchTip(session, named) ? named : await peelToCommit(session, named, text, options);
  for (const [, kind, count] of steps.matchAll(/([~^])([0-9]*)/g)) {
    const number = count === "" ? 1 : Number(count);
    if (kind === "^" && number === 0) continue;
    const generations = kind === "~" ? number : 1;
    const parent = kind === "~" ? 0 : number - 1;
    for (let step = 0; step < generations; step++) {
      const next = (await session.history.commit(id, options)).parents[parent];
      if (next === undefined) throw unknown(text);
      id = next;
    }
  }
  return id;
}

async function resolveName(session: Session, name: string, options: RequestOptions): Promise<ObjectId | undefined> {
  const { state, branch, ref, tip, format } = session;
  if (name === "HEAD" || name === "" || name === branch || name === ref) return tip;
  for (const prefix of ["", "refs/", "refs/tags/", branchPrefix]) {
    const found = state.refs.get(prefix + name);
    if (found !== undefined) return found.id;
  }
  const digits = name.toLowerCase();
  if (isObjectId(format, digits)) return digits;
  if (!/^[0-9a-f]{4,}$/.test(digits)) return undefined;
  const ids = await session.objects.findPrefix(digits, 2, options);
  if (ids.length > 1) throw new TrunksError("INVALID_ARGUMENT", `more than one object's id begins with ${name}`);
  return ids[0];
}

/** A branch is always a commit: nothing need be read to know it. */
function isBranchTip({ state }: Session, id: ObjectId): boolean {
  for (const [ref, value] of state.refs) if (value.id === id && ref.startsWith(branchPrefix)) return true;
  return false;
}

/** The commit that an object is, or that a tag points to in the end. Throws `NOT_FOUND`. */
async function peelToCommit(
  session: Session,
  start: ObjectId,
  text: string,
  options: RequestOptions,
): Promise<ObjectId> {
  let id = start;
  for (let depth = 0; depth < maxTagDepth; depth++) {
    const object = await session.objects.find(id, options);
    if (object?.type === "commit") return id;
    if (object?.type !== "tag") break;
    id = parseTag(session.format, object.data).object;
  }
  throw unknown(text);
}

function unknown(text: string): TrunksError {
  return new TrunksError("NOT_FOUND", `there is no commit ${JSON.stringify(text)} in the trunk`, {
    hint: "`fetch` reads what others have pushed since",
  });
}
