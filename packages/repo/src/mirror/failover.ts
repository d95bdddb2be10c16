import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { isFollower, type Mirror } from "../format/mirror-map.ts";
import type { PlaceFile } from "../format/place-file.ts";
import type { State } from "../format/state.ts";
import { type Reading, readForward } from "../journal/read.ts";
import { readSlotDigest } from "../journal/tip.ts";
import type { Mirrors } from "./mirrors.ts";

/** Whether a mirror may be asked instead: the store is away or gone, and does not contradict what is known. */
export function mayFailOver(error: unknown): error is TrunksError {
  return (["UNAVAILABLE", "RATE_LIMITED", "NOT_FOUND"] as const).some((code) => isTrunksError(error, code));
}

/** A state that was read from a mirror. */
export interface MirrorReading {
  readonly mirror: Mirror;
  readonly store: Backend;
  readonly reading: Reading;
}

/**
 * Reads what came after `known` from the first mirror that can be trusted with it: a strict one, which holds every push
 * that was acknowledged, and which holds the record of `known`. Throws `failure`, the primary's, when there is none, saying
 * how to read a mirror on purpose.
 */
export async function readFromMirror(
  mirrors: Mirrors,
  known: State,
  failure: TrunksError,
  options: RequestOptions,
): Promise<MirrorReading> {
  const reasons: string[] = [];
  for (const mirror of known.map.mirrors.values()) {
    try {
      return await readOne(mirrors, mirror, known, options);
    } catch (error) {
      if (!isTrunksError(error) || options.signal?.aborted) throw error;
      reasons.push(`${mirror.name} ${error.message}`);
    }
  }
  const places = [...known.map.mirrors.values()].map((mirror) =>
    isFollower(mirror) ? `git fetch ${mirror.url.replace(/^git\+/, "")}` : `git fetch trunks::${mirror.url}`,
  );
  const { code, message, retryable } = failure;
  throw new TrunksError(code, `${message}; and of its mirrors ${reasons.join("; ")}`, {
    cause: failure,
    retryable,
    hint: `to read one on purpose, as old as it may be: ${places.join(", or ")}`,
  });
}

async function readOne(
  mirrors: Mirrors,
  mirror: Mirror,
  known: State,
  options: RequestOptions,
): Promise<MirrorReading> {
  if (isFollower(mirror)) throw new TrunksError("PRECONDITION_FAILED", "is a Git repository, and holds no journal");
  if (mirror.mode !== "strict") throw new TrunksError("PRECONDITION_FAILED", "is lagging: it may lack pushes");
  const store = await mirrors.store(mirror);
  const [digest, reading] = await Promise.all([
    known.slot < 0 ? known.recordDigest : readSlotDigest(store, known.slot, options),
    readForward(store, known, options),
  ]);
  if (digest === undefined) throw new TrunksError("PRECONDITION_FAILED", "is behind what this clone knows");
  if (digest !== known.recordDigest) throw new TrunksError("PRECONDITION_FAILED", "holds something else");
  const { primary, mirrors: now } = reading.state.map;
  // Since then it may have left the map; what its own journal says of it is at least as new as what is known here.
  const isTrusted = primary?.name === mirror.name || now.get(mirror.name)?.mode === "strict";
  if (!isTrusted) throw new TrunksError("PRECONDITION_FAILED", "is no strict mirror any more");
  return { mirror, store, reading };
}

/** What a reader should know about a store that is not the trunk's primary; `undefined` for the primary itself. */
export function noticeOf({ map }: State, self: PlaceFile | undefined): string | undefined {
  const { primary, mirrors } = map;
  if (primary === undefined || self === undefined || self.name === primary.name) return undefined;
  const mirror = mirrors.get(self.name);
  const what =
    mirror === undefined
      ? "which was a mirror of this trunk once and is not brought up any more"
      : `a ${mirror.mode} mirror of this trunk${mirror.mode === "lagging" ? ", which may lack pushes" : ""}`;
  return `this is ${self.name}, ${what}; its primary is ${primary.name}, ${primary.url}`;
}

/** Throws unless the first copy of a trunk into this store was finished. */
export function checkCopied(self: PlaceFile | undefined): void {
  if (!self?.copying) return;
  throw new TrunksError("UNAVAILABLE", "the trunk is still being copied to this mirror", {
    hint: `clone from its primary; \`trunks storage sync ${self.name}\` goes on where a copy has ended half-way`,
  });
}
