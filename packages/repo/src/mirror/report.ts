import type { RequestOptions } from "@trunks/core";
import { isFollower, type Mirror } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import type { Repository } from "../repository.ts";
import { diverged } from "./copy.ts";
import { explained } from "./mirror-error.ts";
import { readPlace } from "./place.ts";
import { standingOf } from "./standing.ts";

/** How far a mirror is behind. */
export interface MirrorReport extends Mirror {
  /** Records that it lacks; `undefined` when that is not known. */
  readonly behind: number | undefined;
  /** Why it is not known, or what is wrong there. */
  readonly error: unknown;
}

/** Asks all mirrors at once how far they are. */
export async function reportMirrors(
  repository: Repository,
  state: State,
  options: RequestOptions = {},
): Promise<MirrorReport[]> {
  const mirrors = [...state.map.mirrors.values()];
  return Promise.all(
    mirrors.map(async (mirror): Promise<MirrorReport> => {
      try {
        if (isFollower(mirror)) {
          const behind = await repository.mirrors.followers.behind(mirror, state, options);
          return { ...mirror, behind, error: undefined };
        }
        const store = await repository.mirrors.store(mirror);
        if ((await readPlace(store, options))?.copying) return { ...mirror, behind: state.slot + 1, error: undefined };
        const standing = await standingOf(store, state, options);
        if (standing.kind === "diverged") throw await explained(store, state, diverged(state.slot), options);
        if (standing.kind === "ahead") await repository.mirrors.checkAhead(store, state, options);
        return { ...mirror, behind: standing.kind === "behind" ? state.slot - standing.slot : 0, error: undefined };
      } catch (error) {
        return { ...mirror, behind: undefined, error };
      }
    }),
  );
}
