import type { ProxyAction } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { bytesOf, first, onServer, refusal, withProxy } from "./address.ts";

const mebibyte = 2 ** 20;
const options = { singleRequestBytes: mebibyte };
const body = bytesOf(3 * mebibyte + 1);

type Request = Parameters<Parameters<typeof first>[2] & object>[0];
const rangeOf = ({ headers }: Request) => String(headers["content-range"] ?? "");
const isPiece = (request: Request) => /^bytes \d/.test(rangeOf(request));
const isLast = (request: Request) => isPiece(request) && request.headers["x-goog-hash"] !== undefined;
const isStream = (request: Request) => isPiece(request) && !isLast(request);
const isQuestion = (request: Request) => rangeOf(request).startsWith("bytes */");

/** Google's answer to the question how far an upload came. The emulator would take the question for the end of it. */
function kept(bytes: number): ProxyAction {
  return { do: "answer", status: 308, headers: bytes === 0 ? {} : { range: `bytes=0-${bytes - 1}` } };
}

onServer((address) => {
  test("a stream that breaks off before anything was kept is sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      const script = first(1, { do: "reset-before" }, isStream);
      proxy.use((request) => (isQuestion(request) ? kept(0) : script(request)));
      expect(await backend.create("key", body)).toBe(true);
      expect(proxy.requests.filter(isQuestion)).toHaveLength(1);
      expect(Buffer.compare((await (await direct.get("key"))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
    }));

  test("what the store has kept is not sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      const script = first(1, { do: "reset-after" }, isStream);
      proxy.use((request) => (isQuestion(request) ? kept(3 * mebibyte) : script(request)));
      expect(await backend.create("key", body)).toBe(true);
      expect(proxy.requests.filter(isStream)).toHaveLength(1);
      expect(Buffer.compare((await (await direct.get("key"))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
    }));

  test("a last piece whose answer is lost is asked after, and was the upload's own", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      const script = first(1, { do: "reset-after" }, isLast);
      const done = { do: "answer", status: 200, body: JSON.stringify({ size: String(body.length) }) } as const;
      proxy.use((request) => (isQuestion(request) ? done : script(request)));
      expect(await backend.create("key", body)).toBe(true);
      expect(proxy.requests.filter(isLast)).toHaveLength(1);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));

  test("a last piece of which the store knows nothing more may have been written, and is not repeated", () =>
    withProxy(address, options, async ({ backend, proxy }) => {
      proxy.use((request) => (isLast(request) ? { do: "reset-after" } : { do: "pass" }));
      const created = backend.create("key", body);
      await expect(created).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(proxy.requests.filter(isLast)).toHaveLength(1);
      expect(proxy.requests.some(({ method }) => method === "DELETE")).toBe(false);
    }));

  test("an upload that comes second writes nothing", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(async (request) => {
        if (isLast(request)) await direct.put("key", bytesOf(3));
        return { do: "pass" };
      });
      expect(await backend.create("key", body)).toBe(false);
      expect((await direct.get("key"))?.size).toBe(3);
    }));

  test("an upload that is refused or aborted is taken back", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use((request) => (isStream(request) ? refusal(403, "forbidden") : { do: "pass" }));
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
      expect(proxy.requests.at(-1)).toMatchObject({ method: "DELETE" });
      const controller = new AbortController();
      proxy.use((request) => {
        if (!isStream(request)) return { do: "pass" };
        controller.abort();
        return { do: "hang" };
      });
      const aborted = backend.create("key", body, { signal: controller.signal });
      await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
      expect(proxy.requests.at(-1)).toMatchObject({ method: "DELETE" });
      expect(await direct.get("key")).toBeUndefined();
    }));

  test("a session that is gone in the middle has written nothing", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use((request) => {
        if (isStream(request)) return { do: "reset-before" };
        return isQuestion(request) ? refusal(410, "gone") : { do: "pass" };
      });
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(await direct.get("key")).toBeUndefined();
    }));

  test("a put replaces what is there, as an upload as well", () =>
    withProxy(address, options, async ({ backend, direct }) => {
      await backend.put("key", bytesOf(3));
      await backend.put("key", body);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));
});
