import { TrunksError } from "@trunks/core";
import { placeUrl, redactUrl, resolveStorage, type Settings, type Storage } from "@trunks/location";
import { addMirror, type Mirror, type MirrorReport, type MissedMirror, reportMirrors } from "@trunks/repo";
import type { Context } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import type { WorkingCopy } from "../git/working-copy.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { Progress } from "../helper/progress.ts";
import { type OpenedTrunk, type OpenTrunkOptions, openTrunk } from "./open-trunk.ts";
import type { VerificationAnswer } from "./verification-answer.ts";

/**
 * Opens the trunk of the clone around, for commands that look at its mirrors: that of its remote, or else the one in its
 * default storage. `undefined` when it has neither.
 */
export async function openOwnTrunk(
  copy: WorkingCopy,
  settings: Settings | undefined,
  options: Omit<OpenTrunkOptions, "gitDir"> = {},
): Promise<OpenedTrunk | undefined> {
  const remote = await findTrunkRemote(undefined).catch(() => undefined);
  const stored = settings?.defaultStorage && `trunks://${settings.defaultStorage}/${settings.repository}`;
  const url = remote?.url ?? stored;
  return url === undefined ? undefined : openTrunk(url, { ...options, gitDir: copy.gitDir });
}

/** The same; throws `NOT_FOUND` when there is none. */
export async function requireOwnTrunk(
  copy: WorkingCopy,
  settings: Settings | undefined,
  context: Context,
): Promise<OpenedTrunk> {
  const trunk = await openOwnTrunk(copy, settings, shownBy(context));
  if (trunk !== undefined) return trunk;
  throw new TrunksError("NOT_FOUND", "this clone has no trunk yet", { hint: "run `trunks init`" });
}

/** Makes a storage a mirror of the trunk, or changes its mode. Makes the trunk first, if nobody has pushed to it yet. */
export async function mirrorTo(
  trunk: OpenedTrunk,
  copy: WorkingCopy,
  mirror: Mirror,
  { output, signal }: Context,
): Promise<readonly MissedMirror[]> {
  const { repository, place } = trunk;
  if ((await repository.read({ signal })) === undefined) {
    await repository.create({ objects: await new LocalRepository(copy.gitDir).objectFormat(), signal });
  }
  const progress = copyProgress(mirror.name, output.live);
  const { missed } = await addMirror(repository, mirror, place, { signal, progress: progress.step });
  progress.end();
  return missed;
}

/**
 * The same for a storage of this clone's settings. False when the clone has no trunk yet: then it is a mirror in name only.
 */
export async function makeMirror(
  copy: WorkingCopy,
  settings: Settings,
  name: string,
  mode: Mirror["mode"],
  context: Context,
): Promise<boolean> {
  const trunk = await openOwnTrunk(copy, settings, shownBy(context));
  const storage = resolveStorage(name, settings.storages, process.env);
  if (trunk === undefined || storage === undefined) return false;
  try {
    throwMissed(await mirrorTo(trunk, copy, mirrorOf(name, storage, mode, trunk), context));
    return true;
  } finally {
    await trunk.close();
  }
}

/** How a trunk is opened for a command that may push to its mirrors: on a terminal it shows how far that is. */
export function shownBy({ output, verbose, signal }: Context): Omit<OpenTrunkOptions, "gitDir"> {
  return { verbose, signal, progress: () => output.live };
}

/** Shows on a terminal how far the copying of packs is, or other work with them. */
export function copyProgress(name: string, live: boolean, title = "Copying packs to") {
  let shown: Progress | undefined;
  let before = 0;
  return {
    step(doneBytes: number, totalBytes: number) {
      shown ??= new Progress(`${title} ${name}`, totalBytes, live);
      shown.add(doneBytes - before);
      before = doneBytes;
    },
    end: () => shown?.end(),
  };
}

/** A storage as a mirror of this trunk. */
export function mirrorOf(name: string, storage: Storage, mode: Mirror["mode"], trunk: OpenedTrunk): Mirror {
  return { name, mode, url: placeUrl(storage, trunk.prefix) };
}

/** How a mirror is shown: `behind` in records; null when that could not be found out, and then `error` says why. */
export interface MirrorAnswer {
  readonly object: "mirror";
  readonly name: string;
  readonly url: string;
  readonly mode: Mirror["mode"];
  readonly behind: number | null;
  readonly error: string | null;
  /** From `storage sync --verify` alone. */
  readonly verification?: VerificationAnswer;
}

export function mirrorAnswer({ name, url, mode, behind, error }: MirrorReport): MirrorAnswer {
  const reason = error === undefined ? null : error instanceof Error ? error.message : String(error);
  return {
    object: "mirror",
    name,
    url: redactUrl(url),
    mode,
    behind: behind ?? null,
    error: reason && redactUrl(reason),
  };
}

/** `strict, even`; `lagging, 3 pushes behind`. */
export function mirrorText({ mode, behind, error }: MirrorAnswer): string {
  if (behind === null) return `${mode}, ${error}`;
  return `${mode}, ${behind === 0 ? "even" : `${behind} push${behind === 1 ? "" : "es"} behind`}`;
}

/**
 * How far the mirrors of the clone's trunk are behind; none, and no request, where nothing is known of mirrors.
 */
export async function ownMirrors(
  copy: WorkingCopy | undefined,
  settings: Settings | undefined,
  { verbose, signal }: Context,
): Promise<readonly MirrorAnswer[]> {
  if (copy === undefined) return [];
  // A store that this machine cannot even open is another command's to complain of.
  const trunk = await openOwnTrunk(copy, settings, { verbose, signal, hurried: true }).catch(() => undefined);
  if (trunk === undefined) return [];
  try {
    const { repository } = trunk;
    const remembered = await repository.remembered();
    if (remembered === undefined || remembered.map.mirrors.size === 0) return [];
    const state = await repository.read({ signal, mirrors: false }).catch((error: TrunksError) => error);
    if (state === undefined || !("map" in state)) {
      const error = `the primary cannot be asked: ${state?.message ?? "there is no trunk"}`;
      return [...remembered.map.mirrors.values()].map((mirror) =>
        mirrorAnswer({ ...mirror, behind: undefined, error }),
      );
    }
    return (await reportMirrors(repository, state, { signal })).map(mirrorAnswer);
  } finally {
    await trunk.close();
  }
}

/** Throws what a mirror missed, so that the command fails and says which it was. */
export function throwMissed(missed: readonly MissedMirror[]): void {
  const [first] = missed;
  if (first !== undefined) throw first.error;
}
