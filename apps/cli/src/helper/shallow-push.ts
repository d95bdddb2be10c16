import type { RefMove, Repository, State } from "@trunks/repo";
import { cachedObjects } from "./cached-objects.ts";
import { git } from "./git.ts";
import type { LocalRepository } from "./local-repository.ts";
import { revisions } from "./revisions.ts";

/** What git's own server says of a push that would leave a hole in history. */
export const shallowRefusal = "shallow update not allowed";

export interface ShallowPush {
  /** Commits at which this clone was cut off, and which the trunk has with all that they reach: a pack may build on them. */
  readonly cutIds: readonly string[];
  /** Moves that end at other such commits: they would leave a hole in history. */
  readonly refused: ReadonlySet<RefMove>;
}

export interface ShallowPushContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly signal: AbortSignal;
}

/**
 * Looks at where the walks from the new values to the assumed ones end in a shallow clone. That is often no tip of the
 * trunk any more, but a commit behind one. Whatever the trunk's packs hold is there with all that it reaches, since each
 * push was proved to be; so to find it in an index is enough.
 */
export async function shallowPush(
  moves: readonly RefMove[],
  assumedIds: readonly string[],
  state: State | undefined,
  context: ShallowPushContext,
): Promise<ShallowPush> {
  const shallow = new Set(context.local.shallowIds());
  const newIds = moves.flatMap(({ newId }) => newId ?? []);
  const met = shallow.size === 0 ? [] : await cutsMet(newIds, assumedIds, shallow, context);
  if (met.length === 0) return { cutIds: [], refused: new Set() };
  const objects = state && cachedObjects(context.repository, context.local, state);
  const cutIds: string[] = [];
  for (const id of met) if (await objects?.has(id, context)) cutIds.push(id);
  const refused = new Set<RefMove>();
  if (cutIds.length < met.length) {
    for (const move of moves) {
      const left = await cutsMet(
        move.newId === undefined ? [] : [move.newId],
        [...assumedIds, ...cutIds],
        shallow,
        context,
      );
      if (left.length > 0) refused.add(move);
    }
  }
  return { cutIds, refused };
}

async function cutsMet(
  newIds: readonly string[],
  assumedIds: readonly string[],
  shallow: ReadonlySet<string>,
  { signal }: ShallowPushContext,
): Promise<string[]> {
  if (newIds.length === 0) return [];
  const output = await git(["rev-list", "--stdin"], {
    input: revisions(newIds, assumedIds),
    trueHistory: true,
    signal,
  });
  return output
    .toString("latin1")
    .split("\n")
    .filter((id) => shallow.has(id));
}
