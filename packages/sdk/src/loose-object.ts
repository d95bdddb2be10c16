import { TrunksError } from "@trunks/core";
import { decodeText, encodeText, type GitObject, type ObjectType } from "@trunks/repo/client";
import { deflateStored, inflateAll } from "./platform.ts";

/** An object as git keeps it in a file of its own; not made smaller, because it is only passed on in memory. */
export async function encodeLooseObject({ type, data }: GitObject): Promise<Uint8Array> {
  const header = encodeText(`${type} ${data.length}\0`);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return deflateStored(bytes);
}

/** Throws `INVALID_ARGUMENT` for what is no object. */
export async function decodeLooseObject(bytes: Uint8Array): Promise<GitObject> {
  const inflated = await inflateAll(bytes);
  const end = inflated.indexOf(0);
  const [, type, size] = /^(blob|tree|commit|tag) (\d+)$/.exec(decodeText(inflated.subarray(0, end))) ?? [];
  const data = inflated.slice(end + 1);
  if (end === -1 || type === undefined || data.length !== Number(size)) {
    throw new TrunksError("INVALID_ARGUMENT", "this is no object of git");
  }
  return { type: type as ObjectType, data };
}
