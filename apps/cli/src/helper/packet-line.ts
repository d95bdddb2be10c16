import { TrunksError } from "@trunks/core";
import { encodeText } from "@trunks/repo";
import type { Input } from "./input.ts";

/** Git's framing of its protocols. Source: gitprotocol-common. */
export type Packet = { readonly kind: "flush" | "delimiter" } | { readonly kind: "data"; readonly data: Uint8Array };

export const flushPacket = encodeText("0000");
export const delimiterPacket = encodeText("0001");
export const responseEndPacket = encodeText("0002");
/** In bytes. */
export const maxPacketData = 65_516;

export function dataPacket(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? encodeText(data) : data;
  const length = (bytes.length + 4).toString(16).padStart(4, "0");
  return Buffer.concat([encodeText(length), bytes]);
}

export function encodePacket(packet: Packet): Uint8Array {
  if (packet.kind === "data") return dataPacket(packet.data);
  return packet.kind === "flush" ? flushPacket : delimiterPacket;
}

/** The next packet, or `undefined` at the end of input. */
export async function readPacket(input: Input): Promise<Packet | undefined> {
  const head = await input.bytes(4);
  if (head === undefined) return undefined;
  const text = Buffer.from(head).toString("latin1");
  const length = /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (length === 0) return { kind: "flush" };
  if (length === 1) return { kind: "delimiter" };
  const data = length >= 4 ? await input.bytes(length - 4) : undefined;
  if (data === undefined) throw new TrunksError("INVALID_ARGUMENT", "git sent a broken packet");
  return { kind: "data", data };
}
