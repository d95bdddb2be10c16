import { randomUUID } from "node:crypto";
import { chownSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SftpAddress } from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import type { SftpOptions } from "../src/index.ts";

/** Options for a folder of the test's own on a running server; `changes` replace some of them. */
export function optionsFor(address: SftpAddress, changes: Partial<SftpOptions> = {}): SftpOptions {
  return { ...hostOf(address), path: newFolder(address), ...changes };
}

/** The server without a folder. */
export function hostOf({ host, port, user, identityFile, knownHostsFile }: SftpAddress): SftpOptions {
  return { host, port, user, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile] };
}

/** An empty folder that belongs to the server's user. */
export function newFolder({ folder }: SftpAddress): string {
  const path = join(folder, randomUUID());
  mkdirSync(path);
  const { uid, gid } = statSync(folder);
  chownSync(path, uid, gid);
  return path;
}

/** Runs the same tests on both servers, and reports what the machine cannot have as skipped. */
export function onEachServer(tests: (address: SftpAddress) => void): void {
  for (const name of ["openssh", "pkg-sftp"] as const) onServer(name, tests);
}

export function onServer(name: "openssh" | "pkg-sftp", tests: (address: SftpAddress) => void): void {
  const address = inject("servers")[name];
  if (address === undefined) test.skip(`${name}: this machine cannot have the server`);
  else describe(name, () => tests(address));
}

/** So many bytes that are the same each time, and differ from place to place. */
export function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
