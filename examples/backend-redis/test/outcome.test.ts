import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openBackend } from "../src/index.ts";
import { server } from "./server.ts";

let relay: Server | undefined;

afterEach(() => {
  relay?.close();
});

/**
 * Passes bytes on between clients and the server. When a client sends something with `word` in it, the server gets it,
 * and its answer is lost with the connection. Once.
 */
async function losing(word: string): Promise<URL> {
  let lost = false;
  relay = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    let losing = false;
    client.on("data", (bytes) => {
      losing ||= !lost && bytes.includes(word);
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!losing) return void client.write(bytes);
      lost = true;
      client.destroy();
    });
    for (const [end, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      end.on("error", () => {}).on("close", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  const url = new URL(`${server.href}/outcome`);
  url.port = String((relay.address() as AddressInfo).port);
  return url;
}

const body = new TextEncoder().encode("body");

test("a create whose answer is lost has an outcome that is not known, and is not sent again", async () => {
  const backend = await openBackend(await losing("ZADD"));
  const key = `key-${Date.now()}`;
  await expect(backend.create(key, body)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
  // The next call connects anew, and finds what became of it.
  expect(await (await backend.get(key))?.bytes()).toEqual(Buffer.from(body));
  expect(await backend.create(key, body)).toBe(false);
  await backend.delete([key]);
  await backend.close();
});

test("a read whose answer is lost may be repeated", async () => {
  const backend = await openBackend(await losing("HMGET"));
  await expect(backend.get("absent")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  expect(await backend.get("absent")).toBeUndefined();
  await backend.close();
});
