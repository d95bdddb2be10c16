import type { Capabilities, GetOptions, ListOptions, Operation } from "@trunks/core";
import { type ErrorCode, isTrunksError, TrunksError } from "@trunks/core";
import type { Settings } from "@trunks/location";
import type { Place } from "@trunks/repo";

/** What a thread is started with. */
export interface ThreadTask {
  readonly place: Place;
  readonly settings: Settings | undefined;
  /** See `OpenOptions`. */
  readonly installations: readonly string[];
}

/** What the thread says first, unless it cannot open the place. */
export interface Opened {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly prefix: string;
}

/** A request to the thread's backend. A body that is not small comes as its size: its bytes are asked for. */
export interface Call {
  readonly operation: Operation | "close";
  readonly key: string;
  readonly keys: readonly string[];
  readonly range: GetOptions["range"];
  readonly page: Pick<ListOptions, "after" | "limit">;
  readonly body: Uint8Array | { readonly size: number } | undefined;
}

/** What `get` answers: bytes that are few, or the number of a stream. */
export interface FoundContent {
  readonly size: number;
  readonly totalSize: number;
  readonly bytes: Uint8Array | undefined;
  readonly stream: number;
}

/** Messages of either side. Streams are numbered by the side that reads them. */
export type Message =
  | { readonly kind: "opened"; readonly opened: Opened }
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number; readonly value?: unknown; readonly error?: WireError }
  /** The bytes of a call's body are wanted. */
  | {
      readonly kind: "read";
      readonly id: number;
      readonly stream: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "pull" | "stop"; readonly stream: number }
  /** Neither bytes nor an error: the end. */
  | { readonly kind: "chunk"; readonly stream: number; readonly bytes?: Uint8Array; readonly error?: WireError };

/** An error as it goes from thread to thread. */
interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;
  /** What is below, told in words. */
  readonly cause: string | undefined;
}

/** In bytes. What is no larger goes with its message. */
export const smallSizeBytes = 2 ** 16;

export function toWire(thrown: unknown): WireError {
  const error = isTrunksError(thrown) ? thrown : new TrunksError("INTERNAL", String(thrown), { cause: thrown });
  const { code, message, retryable, retryAfterMs, hint, cause } = error;
  const below = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? "");
  return { code, message, retryable, retryAfterMs, hint, cause: below || undefined };
}

export function fromWire({ code, message, retryable, retryAfterMs, hint, cause }: WireError): TrunksError {
  return new TrunksError(code, message, { retryable, retryAfterMs, hint, cause: cause && new Error(cause) });
}
