import { readdirSync } from "node:fs";
import type { Content } from "@trunks/core";
import { type FileCalls, fileCalls } from "../src/file-calls.ts";
import { LocalBackend } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";

export const body = new TextEncoder().encode("body");
export const large = new Uint8Array(300_000).fill(7);

/** An error as the operating system's calls throw it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as injected`), { code });
}

export function failing(code: string) {
  return (): never => {
    throw systemError(code);
  };
}

/** A backend on a folder of its own, for which some calls to the system go otherwise. */
export function faulty(calls: Partial<FileCalls>) {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root }, { ...fileCalls, ...calls });
  return { root, backend, temporaries: () => readdirSync(`${root}/.trunks-tmp`) };
}

/** The bytes of an answer, taken as a stream. */
export async function readAll(get: () => Promise<Content | undefined>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await get()) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
