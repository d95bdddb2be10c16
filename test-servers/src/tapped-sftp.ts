import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SftpServer, startOpenssh } from "./openssh.ts";

/** An SFTP server whose requests are seen where nothing is encrypted. */
export interface TappedSftp extends SftpServer {
  /** The names of the requests since the last question. Each session begins with `init`. */
  takeRequests(): readonly string[];
  /**
   * Counts the round trips of what `work` asks for: what a client sends before it waits for an answer is one. Answers come
   * late meanwhile.
   */
  countRoundTrips(work: () => Promise<unknown>): Promise<number>;
  /** Ends the session at the next such request: `before hardlink`; `after hardlink`, when the work is done. */
  cut(at: string): void;
}

/** Starts OpenSSH's server with these flags behind a tap. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startTappedSftp(flags: readonly string[] = []): Promise<TappedSftp> {
  const folder = await mkdtemp(join(tmpdir(), "trunks-tap-"));
  const program = join(import.meta.dirname, "sftp-tap.ts");
  const requests = join(folder, "requests");
  const takeLines = () => {
    const lines = readFileSync(requests, { encoding: "utf8", flag: "a+" }).split("\n").slice(0, -1);
    rmSync(requests);
    return lines;
  };
  const remove = () => rm(folder, { recursive: true });
  const server = await startOpenssh({ subsystem: [process.execPath, program, folder, ...flags].join(" ") }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  return {
    ...server,
    takeRequests: () => takeLines().filter((name) => name !== ""),
    async countRoundTrips(work) {
      const lockstep = join(folder, "lockstep");
      takeLines();
      writeFileSync(lockstep, "");
      await work();
      rmSync(lockstep);
      return takeLines().filter((name) => name === "").length;
    },
    cut: (at) => writeFileSync(join(folder, "cut"), at),
    async stop() {
      await server.stop();
      await remove();
    },
  };
}
