import { type Body, bodySize, bodySlice, isTrunksError, TrunksError } from "@trunks/core";
import { Exchange, lossOf, operationOf, pause, type Write } from "@trunks/http-store";
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload, uploadPart } from "./commands-write.ts";
import { maxPartMemoryBytes } from "./options.ts";
import { contentMd5 } from "./platform.ts";
import { refusalOf } from "./refusal.ts";
import { isSeaweed } from "./seaweed.ts";
import type { S3Store, StoreRequest } from "./store.ts";

/** S3's own limit. */
const maxParts = 10_000;
const mebibyte = 2 ** 20;
const maxPartAttempts = 5;
/** Leftovers cost money but hurt nobody: no caller waits long for their removal, in milliseconds. */
const cleanUpTimeoutMs = 10_000;

/** The largest body that fits in parts which fit in memory. */
export const maxBodyBytes = maxParts * maxPartMemoryBytes;

/** How a body is cut, and how many parts travel at once: together they stay within `maxPartMemoryBytes`. */
export interface PartPlan {
  readonly partSizeBytes: number;
  readonly concurrency: number;
  readonly count: number;
}

/** All parts but the last are of one size, which some stores demand. */
export function planParts(size: number, leastPartSizeBytes: number, uploadConcurrency: number): PartPlan {
  const needed = Math.ceil(size / maxParts / mebibyte) * mebibyte;
  const partSizeBytes = Math.max(leastPartSizeBytes, needed);
  const concurrency = Math.max(1, Math.min(uploadConcurrency, Math.floor(maxPartMemoryBytes / partSizeBytes)));
  return { partSizeBytes, concurrency, count: Math.ceil(size / partSizeBytes) };
}

interface Upload {
  readonly store: S3Store;
  readonly write: Write;
  readonly plan: PartPlan;
  readonly id: string;
  /** Whether the store ignores the SHA-256 that parts are signed with: then they need another digest. */
  readonly ignoresSignedDigest: boolean;
}

/**
 * Writes a body as a multipart upload. Nothing is visible before the last request, which carries the condition. An upload
 * that fails or is aborted is taken back.
 */
export async function writeInParts(store: S3Store, write: Write): Promise<void> {
  const { partSizeBytes, uploadConcurrency } = store.options;
  const plan = planParts(bodySize(write.body), partSizeBytes, uploadConcurrency);
  const upload = { store, write, plan, ...(await begin(store, write)) };
  try {
    await complete(upload, await sendParts(upload));
  } catch (error) {
    // With its outcome unknown it may be on its way to completion, and is left alone.
    if (!isTrunksError(error, "OUTCOME_UNKNOWN")) await takeBack(upload);
    throw error;
  }
}

async function begin(store: S3Store, write: Write): Promise<Pick<Upload, "id" | "ignoresSignedDigest">> {
  const request = { ...requestOf(write), exchange: new Exchange() };
  const id = await store.send(createMultipartUpload(target(store, write)), request);
  if (id !== undefined) return { id, ignoresSignedDigest: isSeaweed(request.exchange) };
  const message = `${request.operation} ${write.key}: ${store.options.place} began an upload without a name`;
  throw new TrunksError("NOT_SUPPORTED", message);
}

/** The entity tags of all parts, in order. The first part that fails ends the others. */
async function sendParts(upload: Upload): Promise<string[]> {
  const { plan, write } = upload;
  const failed = new AbortController();
  const signal = write.signal ? AbortSignal.any([write.signal, failed.signal]) : failed.signal;
  const tags: string[] = [];
  let next = 0;
  async function work(): Promise<void> {
    while (next < plan.count) {
      const index = next++;
      tags[index] = await sendPart(upload, index, signal);
    }
  }
  const workers = Array.from({ length: Math.min(plan.concurrency, plan.count) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    failed.abort(error);
    // None may still be on its way when the upload is taken back.
    await Promise.allSettled(workers);
    throw error;
  }
  return tags;
}

/** Sends one part, again where that may help: a part is seen by nobody before completion. */
async function sendPart(upload: Upload, index: number, signal: AbortSignal): Promise<string> {
  const { store, write, plan, id } = upload;
  const start = index * plan.partSizeBytes;
  const body = await readPart(write.body, start, Math.min(start + plan.partSizeBytes, bodySize(write.body)));
  const md5 = upload.ignoresSignedDigest ? contentMd5(body) : undefined;
  const command = uploadPart(target(store, write), id, index + 1, { body, md5 });
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.send(command, { ...requestOf(write), signal });
    } catch (error) {
      if (!isTrunksError(error) || !error.retryable || attempt === maxPartAttempts) throw error;
      await pause(attempt, error.retryAfterMs, signal);
    }
  }
}

async function readPart(body: Body, start: number, end: number): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body.subarray(start, end);
  const part = new Uint8Array(end - start);
  let filled = 0;
  for await (const chunk of bodySlice(body, start, end)) {
    part.set(chunk, filled);
    filled += chunk.length;
  }
  return part;
}

async function complete({ store, write, id }: Upload, tags: readonly string[]): Promise<void> {
  const command = completeMultipartUpload(target(store, write), id, { tags, ifAbsent: write.ifAbsent });
  try {
    await store.send(command, { ...requestOf(write), loss: lossOf(write) });
  } catch (error) {
    // An upload that is gone may have been completed by this very request, if something below repeated it.
    if (refusalOf(error)?.code !== "NoSuchUpload") throw error;
    const message = `${operationOf(write)} ${write.key}: the upload is gone`;
    throw new TrunksError("OUTCOME_UNKNOWN", message, { cause: error, retryable: !write.ifAbsent });
  }
}

async function takeBack({ store, write, id }: Upload): Promise<void> {
  const command = abortMultipartUpload(target(store, write), id);
  const signal = AbortSignal.timeout(cleanUpTimeoutMs);
  // Its failure must not hide the one that led here; what stays is invisible, and a rule of the bucket removes it.
  await store.send(command, { ...requestOf(write), signal }).catch(() => {});
}

function target({ options }: S3Store, { key }: Write): string {
  return options.keyPrefix + key;
}

/** For all requests but the one that completes: whatever becomes of them, nothing is visible. */
function requestOf(write: Write): StoreRequest {
  return { operation: operationOf(write), key: write.key, loss: "harmless", signal: write.signal };
}
