import { TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { type Attempt, failure, headOf } from "./failure.ts";
import { Refusal, status } from "./refusal.ts";

/**
 * Finds out why a server refused to make or fill a file: "failure" is all that most of them say. `neededBytes` is what was
 * to be written.
 */
export async function explainRefusal(
  error: unknown,
  connection: Connection,
  { attempt, folder, neededBytes }: { attempt: Attempt; folder: string; neededBytes: number },
): Promise<TrunksError> {
  if (!(error instanceof Refusal) || error.status !== status.failure) return failure(error, attempt, "harmless");
  const room = await connection.room(folder || ".").catch(() => undefined);
  const said = `${headOf(attempt)} answered ${error.status}: ${error.message}`;
  if (room?.readOnly || /read-only/i.test(error.message)) {
    return new TrunksError("PERMISSION_DENIED", `${said}: the file system is mounted read-only`, {
      cause: error,
      hint: "let it be mounted for writing on the server, or use another folder",
    });
  }
  const isFull = room !== undefined && (room.freeBytes <= neededBytes || room.freeFiles === 0);
  if (isFull || /no space|quota|disk full/i.test(error.message)) {
    return new TrunksError("NO_SPACE", `${said}: no space is left for this user`, {
      cause: error,
      hint: "see on the server what is left: df -h, df -i and quota",
    });
  }
  return failure(error, attempt, "harmless");
}
