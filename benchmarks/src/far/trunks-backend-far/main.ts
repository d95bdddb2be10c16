/**
 * A third party's backend, for benchmarks: `far:///folder?get-ms=25&write-ms=45&mb-per-second=85` keeps bytes in a folder as
 * `local:///folder` does, and answers as slowly as a store behind a network.
 */
import { openBackend as openFolder } from "@trunks/backend-local";
import type { Backend } from "@trunks/core";
import { latency } from "@trunks/layers";

export const schemes: readonly string[] = ["far"];

export async function openBackend(url: URL): Promise<Backend> {
  const number = (name: string) => Number(url.searchParams.get(name));
  const writeMs = number("write-ms");
  return latency(await openFolder(new URL(`local://${url.pathname}`)), {
    getMs: number("get-ms"),
    createMs: writeMs,
    putMs: writeMs,
    listMs: writeMs,
    deleteMs: writeMs,
    bytesPerSecond: number("mb-per-second") * 1e6,
  });
}
