import { describe, expect, it } from "vitest";
import { type Backend, bytesContent, replaceMethods } from "../src/index.ts";
import { MemoryBackend } from "../src/memory.ts";

const bytes = new TextEncoder().encode("body");
const other = new TextEncoder().encode("other");

async function text(backend: Backend, key: string, signal?: AbortSignal): Promise<string | undefined> {
  const content = await backend.get(key, { signal });
  return content && new TextDecoder().decode(await content.bytes());
}

describe("replaceMethods", () => {
  it("asks the backend itself whatever is not replaced, with the same arguments", async () => {
    // The memory backend's methods stop without their `this`: its store is private.
    const memory = new MemoryBackend();
    const backend = replaceMethods(memory, {});
    expect(backend.name).toBe("memory");
    expect(backend.capabilities).toEqual(memory.capabilities);
    expect(await backend.create("folder/one", bytes)).toBe(true);
    await backend.put("folder/two", other);
    expect(await text(memory, "folder/one")).toBe("body");
    expect(await text(backend, "folder/two")).toBe("other");
    const page = await backend.list("folder/", { after: "folder/one", limit: 1 });
    expect(page.keys.map(({ key }) => key)).toEqual(["folder/two"]);
    await backend.delete(["folder/one"]);
    expect(await text(memory, "folder/one")).toBeUndefined();

    const signal = AbortSignal.abort();
    const aborted = [
      backend.get("key", { signal }),
      backend.create("key", bytes, { signal }),
      backend.put("key", bytes, { signal }),
      backend.list("", { signal }),
      backend.delete([], { signal }),
    ];
    for (const call of aborted) await expect(call).rejects.toMatchObject({ code: "ABORTED" });

    await backend.close();
    await expect(memory.get("folder/two")).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("calls what was put in place, and that alone", async () => {
    const memory = new MemoryBackend();
    await memory.put("key", bytes);
    const asked: string[] = [];
    const backend = replaceMethods(memory, {
      async get(key) {
        asked.push(key);
        // By its `this` it gets at the other methods.
        return (await this.list?.("", {}))?.keys.length === 1 ? bytesContent(other) : undefined;
      },
      close: async () => {},
    });
    expect(await text(backend, "key")).toBe("other");
    expect(asked).toEqual(["key"]);
    await backend.close();
    expect(await text(memory, "key")).toBe("body");
  });

  it("wraps what is wrapped", async () => {
    const memory = new MemoryBackend();
    const inner = replaceMethods(memory, { create: async () => false });
    const outer = replaceMethods(inner, { put: async () => {} });
    expect(await outer.create("key", bytes)).toBe(false);
    await outer.put("key", bytes);
    expect(await memory.list("")).toEqual({ keys: [], more: false });
  });
});
