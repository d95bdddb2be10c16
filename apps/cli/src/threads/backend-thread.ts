/** A thread that opens one place and asks its store what it is told to: see `openThreaded`. */
import { parentPort, workerData } from "node:worker_threads";
import type { Backend, Body } from "@trunks/core";
import { openPlace } from "@trunks/location";
import { keepCompiledCode } from "../compile-cache.ts";
import { Inlet, Outlet, type Post } from "./byte-streams.ts";
import { type Call, type FoundContent, type Message, smallSizeBytes, type ThreadTask, toWire } from "./wire.ts";

keepCompiledCode(process.env);
const port = parentPort;
if (port === null) throw new Error("this is no program");
const post: Post = (message, transferred = []) => port.postMessage(message, [...transferred]);
const inlet = new Inlet(post);
const outlet = new Outlet(post);
const aborts = new Map<number, AbortController>();
let backend: Backend | undefined;

const { place, settings, installations } = workerData as ThreadTask;
port.on("message", (message: Message) => {
  if (message.kind === "chunk") inlet.take(message);
  else if (message.kind === "pull") void outlet.pull(message.stream);
  else if (message.kind === "stop") void outlet.stop(message.stream);
  else if (message.kind === "abort") aborts.get(message.id)?.abort();
  else if (message.kind === "call") void answer(message.id, message.call);
});
try {
  const opened = await openPlace(place, { environment: process.env, installations, settings });
  ({ backend } = opened);
  const { name, capabilities } = backend;
  post({ kind: "opened", opened: { name, capabilities: { ...capabilities }, prefix: opened.prefix } });
} catch (error) {
  post({ kind: "answer", id: 0, error: toWire(error) });
}

async function answer(id: number, call: Call): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    const value = await ask(backend as Backend, id, call, abort.signal);
    const few = (value as FoundContent | undefined)?.bytes;
    post({ kind: "answer", id, value }, few === undefined ? [] : [few.buffer as ArrayBuffer]);
  } catch (error) {
    post({ kind: "answer", id, error: toWire(error) });
  } finally {
    // The signal of a call also ends the reading of what it answered.
    if (call.operation !== "get") aborts.delete(id);
  }
}

async function ask(store: Backend, id: number, call: Call, signal: AbortSignal): Promise<unknown> {
  const { operation, key, keys, range, page } = call;
  if (operation === "get") return found(await store.get(key, { range, signal }));
  if (operation === "create") return store.create(key, bodyOf(id, call), { signal });
  if (operation === "put") return store.put(key, bodyOf(id, call), { signal });
  if (operation === "list") return store.list(key, { ...page, signal });
  return operation === "delete" ? store.delete(keys, { signal }) : store.close();
}

async function found(content: Awaited<ReturnType<Backend["get"]>>): Promise<FoundContent | undefined> {
  if (content === undefined) return undefined;
  const { size, totalSize } = content;
  // A copy: what a store answers may be a part of a larger buffer.
  if (size <= smallSizeBytes) return { size, totalSize, bytes: new Uint8Array(await content.bytes()), stream: 0 };
  const stream = inlet.number();
  outlet.open(stream, content);
  return { size, totalSize, bytes: undefined, stream };
}

function bodyOf(id: number, { body }: Call): Body {
  if (body === undefined || body instanceof Uint8Array) return body ?? new Uint8Array(0);
  return {
    size: body.size,
    read(start, end) {
      const stream = inlet.number();
      post({ kind: "read", id, stream, start, end });
      return inlet.read(stream);
    },
  };
}
