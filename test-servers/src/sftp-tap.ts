/**
 * Stands before OpenSSH's SFTP server, where nothing is encrypted: `node sftp-tap.ts FOLDER [options of the server]`. Adds
 * each request to FOLDER/requests, and ends the session at the request that FOLDER/cut names: `before hardlink`,
 * `after open`. It does so once. While there is a FOLDER/lockstep it counts round trips.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const [, , folder = "", ...options] = process.argv;
const names: Readonly<Record<number, string>> = {
  ...{ 1: "init", 3: "open", 4: "close", 5: "read", 6: "write", 7: "lstat", 8: "fstat", 11: "opendir", 12: "readdir" },
  ...{ 13: "remove", 14: "mkdir", 15: "rmdir", 17: "stat", 18: "rename" },
};
/** A client that is silent for so long has sent all that it sends without an answer. */
const silenceMs = 150;
const server = spawn("/usr/lib/openssh/sftp-server", options, { stdio: ["pipe", "pipe", "inherit"] });
/** Of the request whose answer is not passed on. */
let awaited: number | undefined;
/** Answers that wait for the end of a round trip, and how many more will. */
const held: Buffer[] = [];
let unanswered = 0;
let silence: NodeJS.Timeout | undefined;

function end(): never {
  rmSync(join(folder, "cut"));
  process.exit(1);
}

/** Calls `take` with each packet, without its length. */
function packets(take: (packet: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0);
      take(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  };
}

function framed(packet: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(packet.length);
  return Buffer.concat([length, packet]);
}

function nameOf(packet: Buffer): string {
  if (packet[0] !== 200) return names[packet[0] as number] ?? String(packet[0]);
  return packet.toString("latin1", 9, 9 + packet.readUInt32BE(5)).replace(/@.*/, "");
}

function wantedCut(): string {
  try {
    return readFileSync(join(folder, "cut"), "utf8").trim();
  } catch {
    return "";
  }
}

/** Lets the answers go, when all that was asked at once is answered. */
function endRoundTrip(): void {
  silence = undefined;
  if (unanswered > 0) {
    silence = setTimeout(endRoundTrip, 1);
    return;
  }
  appendFileSync(join(folder, "requests"), "\n");
  for (const packet of held.splice(0)) process.stdout.write(framed(packet));
}

process.stdin.on(
  "data",
  packets((packet) => {
    const name = nameOf(packet);
    appendFileSync(join(folder, "requests"), `${name}\n`);
    const cut = wantedCut();
    if (cut === `before ${name}`) end();
    if (cut === `after ${name}`) awaited = packet.readUInt32BE(1);
    unanswered++;
    if (existsSync(join(folder, "lockstep"))) {
      clearTimeout(silence);
      silence = setTimeout(endRoundTrip, silenceMs);
    }
    server.stdin.write(framed(packet));
  }),
);
server.stdout.on(
  "data",
  packets((packet) => {
    if (packet[0] !== 2 && packet.readUInt32BE(1) === awaited) end();
    unanswered--;
    if (silence === undefined) process.stdout.write(framed(packet));
    else held.push(packet);
  }),
);
process.stdin.on("end", () => server.stdin.end());
server.on("exit", () => process.exit());
