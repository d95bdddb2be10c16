import { open, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { isTrunksError, TrunksError } from "@trunks/core";
import type { CheckpointWish, WatchedCheckpoint } from "./checkpoint.ts";

/** What a watching process is asked. */
export type DaemonRequest =
  | { readonly do: "status" | "flush" | "stop" }
  | ({ readonly do: "checkpoint" } & CheckpointWish);

/** What it is doing. */
export interface DaemonStatus {
  readonly pid: number;
  readonly watch: true | "push";
  /** The last state that is safe on this disk. */
  readonly saved: string | null;
  /** The last state that is safe in the trunk; `null` before the first, and where the journal is not pushed. */
  readonly pushed: string | null;
  /** What keeps changes from being journalled, and states from being pushed. */
  readonly trouble: string | null;
  readonly push_trouble: string | null;
  /** How many are watched, and how many could not be: those are looked at again and again. */
  readonly folders: number;
  readonly unwatched: number;
  /** Within so long a change is journalled, in milliseconds. */
  readonly interval_ms: number;
  /** That was asked for; absent when it is for stock git to make. */
  readonly checkpoint?: WatchedCheckpoint;
}

const socketName = "socket";

/** The longest path that a socket can have on every system. */
const longestPath = 100;

/** Calls `use` with a path of the socket that is short enough. On Linux any folder has one, by its descriptor. */
async function withSocketPath<Result>(folder: string, use: (path: string) => Promise<Result>): Promise<Result> {
  const path = join(folder, socketName);
  if (Buffer.byteLength(path) <= longestPath) return use(path);
  if (process.platform !== "linux") {
    throw new TrunksError("NOT_SUPPORTED", `${folder} is too long a path to be watched`, { hint: "mount elsewhere" });
  }
  const handle = await open(folder, "r");
  try {
    return await use(`/proc/self/fd/${handle.fd}/${socketName}`);
  } finally {
    await handle.close();
  }
}

/**
 * Asks the process that watches a mount; `folder` is `.git/trunks/watch`. `undefined` when there is none. Throws what it
 * failed with.
 */
export async function askDaemon(folder: string, request: DaemonRequest): Promise<DaemonStatus | undefined> {
  const socket = await connected(folder);
  if (socket === undefined) return undefined;
  socket.end(`${JSON.stringify(request)}\n`);
  const answered = await text(socket).catch(() => "");
  if (answered === "") return undefined; // It ended instead.
  const { error, status } = JSON.parse(answered) as { error?: DaemonFailure; status?: DaemonStatus };
  if (error !== undefined) throw new TrunksError(error.code, error.message, { hint: error.hint });
  return status;
}

interface DaemonFailure {
  readonly code: TrunksError["code"];
  readonly message: string;
  readonly hint?: string;
}

async function connected(folder: string): Promise<Socket | undefined> {
  try {
    return await withSocketPath(
      folder,
      (path) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect(path, () => resolve(socket)).on("error", reject);
        }),
    );
  } catch (error) {
    if (["ENOENT", "ECONNREFUSED", "ENOTDIR", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "")) return;
    throw error;
  }
}

/** Answers requests. Takes the place of a socket whose process was killed; whether it was must be known. */
export async function serveDaemon(
  folder: string,
  answer: (request: DaemonRequest) => Promise<DaemonStatus>,
): Promise<Server> {
  await rm(join(folder, socketName), { force: true });
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {}); // Whoever asked has gone.
    const reply = await text(socket)
      .then(async (asked) => ({ status: await answer(JSON.parse(asked) as DaemonRequest) }))
      .catch((error) => ({ error: failureOf(error) }));
    socket.end(`${JSON.stringify(reply)}\n`);
  });
  await withSocketPath(
    folder,
    (path) =>
      new Promise<void>((resolve, reject) => {
        server.on("error", reject).listen(path, () => resolve());
      }),
  );
  return server;
}

function failureOf(error: unknown): DaemonFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (!isTrunksError(error)) return { code: "INTERNAL", message };
  return { code: error.code, message, hint: error.hint };
}
