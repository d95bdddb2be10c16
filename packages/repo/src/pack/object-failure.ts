import { isTrunksError, TrunksError } from "@trunks/core";
import type { ObjectId } from "./object-format.ts";
import type { EntryLocation } from "./pack-set.ts";

/** Says of a failure to make an object which object it is, and where it stands. */
export async function explained<Result>(
  id: ObjectId,
  place: EntryLocation,
  make: () => Promise<Result>,
): Promise<Result> {
  try {
    return await make();
  } catch (error) {
    throw explanation(id, place, error);
  }
}

export async function* explainedStream(
  id: ObjectId,
  place: EntryLocation,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw explanation(id, place, error);
  }
}

export function explanation(id: ObjectId, place: EntryLocation, error: unknown): unknown {
  if (!isTrunksError(error, "CORRUPT") && !isTrunksError(error, "NOT_SUPPORTED")) return error;
  return new TrunksError(error.code, `object ${id} in pack ${place.pack.source.name}: ${error.message}`, {
    cause: error,
  });
}
