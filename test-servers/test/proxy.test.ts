import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ProxyAction, startProxy, type TestProxy } from "../src/index.ts";

let target: Server;
let proxy: TestProxy;
/** What the server behind the proxy got, whole. */
let received: string[];

beforeEach(async () => {
  received = [];
  target = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push(`${request.method} ${request.url} ${body}`);
    response.setHeader("x-mark", request.headers["x-mark"] ?? "none");
    response.end("0123456789");
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  proxy = await startProxy(`http://127.0.0.1:${(target.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await proxy.stop();
  target.closeAllConnections();
  target.close();
});

const post = (init: RequestInit = {}) => fetch(`${proxy.endpoint}/path?a=1`, { method: "POST", body: "body", ...init });
const script = (action: ProxyAction) => proxy.use(() => action);

test("passes requests on and lists them", async () => {
  const answer = await post();
  expect(await answer.text()).toBe("0123456789");
  expect(received).toEqual(["POST /path?a=1 body"]);
  expect(proxy.requests).toMatchObject([{ index: 0, method: "POST", path: "/path" }]);
  expect(proxy.requests[0]?.query.get("a")).toBe("1");
  expect(proxy.connections).toBe(1);
});

test("resets before: the server never hears of it", async () => {
  script({ do: "reset-before" });
  await expect(post()).rejects.toThrow();
  expect(received).toEqual([]);
});

test("resets after: the server did its work", async () => {
  script({ do: "reset-after" });
  await expect(post()).rejects.toThrow();
  expect(received).toEqual(["POST /path?a=1 body"]);
});

test("answers by itself", async () => {
  script({ do: "answer", status: 503, headers: { "retry-after": "7" }, body: "later" });
  const answer = await post();
  expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([503, "7", "later"]);
  expect(received).toEqual([]);
});

test("cuts a body whose head promised more", async () => {
  script({ do: "cut", bodyBytes: 4 });
  const answer = await post();
  expect(answer.headers.get("content-length")).toBe("10");
  await expect(answer.text()).rejects.toThrow();
});

test("rewrites the head of the answer", async () => {
  script({ do: "rewrite", status: 201, headers: { "x-mark": undefined } });
  const answer = await post();
  expect([answer.status, answer.headers.has("x-mark"), await answer.text()]).toEqual([201, false, "0123456789"]);
});

test("hangs until the client gives up", async () => {
  script({ do: "hang" });
  await expect(post({ signal: AbortSignal.timeout(100) })).rejects.toThrow();
  expect(received).toEqual([]);
});

test("stalls in the middle of a body", async () => {
  script({ do: "stall", bodyBytes: 3 });
  const answer = await post({ signal: AbortSignal.timeout(200) });
  await expect(answer.text()).rejects.toThrow();
  expect(received).toHaveLength(1);
});

test("alters headers and bytes on their way to the server", async () => {
  script({ do: "alter", headers: { "x-mark": "changed" }, corruptBody: true });
  const answer = await post();
  expect(answer.headers.get("x-mark")).toBe("changed");
  expect(received).not.toEqual(["POST /path?a=1 body"]);
  expect(received).toHaveLength(1);
});
