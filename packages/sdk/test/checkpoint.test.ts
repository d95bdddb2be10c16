import { type Backend, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type TracedBackend, trace } from "@trunks/layers";
import { decodeText } from "@trunks/repo";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConflictError, isTrunksError, Trunk } from "../src/index.ts";

const author = { name: "A Writer", email: "writer@example.org" };
let store: MemoryBackend;
let traced: TracedBackend;
let trunk: Trunk;

beforeEach(async () => {
  store = new MemoryBackend();
  traced = trace(unclosed(store));
  trunk = await Trunk.openBackend(traced, { create: true, author });
});
afterEach(() => trunk.close());

/** The same store, which goes on when a trunk that it was opened for is closed. */
function unclosed(backend: Backend): Backend {
  return replaceMethods(backend, { close: async () => {} });
}

/** Every file of a version, or of what is staged. */
async function files(of: Trunk, ref?: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path, bytes } of of.readFiles("", { recursive: true, ref })) found[path] = decodeText(bytes);
  return found;
}

/** What another client finds in the trunk. */
async function published(branch?: string): Promise<Record<string, string>> {
  await using reader = await Trunk.openBackend(unclosed(store), { author, branch });
  return files(reader);
}

async function twoVersions(): Promise<[string, string]> {
  await trunk.write("a", "1");
  await trunk.write("src/b", "1");
  const first = await trunk.checkpoint({ message: "first" });
  await trunk.write("a", "2");
  await trunk.write("src/b", "2");
  await trunk.write("src/new/c", "2");
  const second = await trunk.checkpoint({ message: "second" });
  return [first.id, second.id];
}

const versionOne = { a: "1", "src/b": "1" };
const versionTwo = { a: "2", "src/b": "2", "src/new/c": "2" };

describe("a checkpoint", () => {
  test("is a commit that the trunk has, in one request", async () => {
    await twoVersions();
    await trunk.write("a", "3");
    traced.reset();
    const { id, ...told } = await trunk.checkpoint({ message: "third" });
    expect(traced.names()).toHaveLength(1);
    expect(told).toMatchObject({
      object: "checkpoint",
      branch: "main",
      pushed: true,
      created: true,
      message: "third\n",
    });
    expect(trunk.head).toBe(id);
    expect(await published()).toEqual({ ...versionTwo, a: "3" });
  });

  test("stays here when that is wanted, and goes with the next", async () => {
    await trunk.write("a", "1");
    expect(await trunk.checkpoint({ message: "here", push: false })).toMatchObject({ pushed: false, created: true });
    expect((await trunk.history()).data).toMatchObject([{ pushed: false, branch: "main" }]);
    const again = await trunk.checkpoint({ message: "nothing new" });
    expect(again).toMatchObject({ pushed: true, created: false, message: "here\n" });
  });

  test("of nothing is refused, and one that another writer was before as well", async () => {
    const refusal = await trunk.checkpoint({ message: "nothing" }).catch((error) => error);
    expect(isTrunksError(refusal, "INVALID_ARGUMENT")).toBe(true);
    await trunk.checkpoint({ message: "empty", allowEmpty: true });
    await using other = await Trunk.openBackend(unclosed(store), { author });
    await other.write("a", "theirs");
    await other.checkpoint({ message: "theirs" });
    await trunk.write("b", "ours");
    await expect(trunk.checkpoint({ message: "ours" })).rejects.toThrow(ConflictError);
    await trunk.push({ retry: "rebase" });
    expect(await published()).toEqual({ a: "theirs", b: "ours" });
  });
});

describe("a rollback", () => {
  test("is a commit on top, in one request", async () => {
    const [first, second] = await twoVersions();
    traced.reset();
    const answer = await trunk.rollback({ to: first });
    expect(traced.names()).toHaveLength(1);
    expect(answer).toMatchObject({
      object: "rollback",
      to: first,
      paths: [],
      checkpoint: { parents: [second], message: `Rollback to ${first.slice(0, 12)}\n`, pushed: true },
      saved_ref: null,
    });
    expect(await files(trunk)).toEqual(versionOne);
    expect(await published()).toEqual(versionOne);
    await trunk.rollback({ to: second, message: "forth again" });
    expect(await published()).toEqual(versionTwo);
    expect((await trunk.history({ limit: 1 })).data[0]?.message).toBe("forth again\n");
  });

  test("saves in the trunk what is staged and what is not pushed", async () => {
    const [first] = await twoVersions();
    await trunk.write("a", "committed");
    const { id } = await trunk.commit({ message: "not pushed" });
    await trunk.write("src/b", "staged");
    const { saved_ref, checkpoint } = await trunk.rollback({ to: first });
    expect(checkpoint?.parents).toEqual([id]);
    expect(await files(trunk)).toEqual(versionOne);
    await using other = await Trunk.openBackend(unclosed(store), { author });
    expect(await files(other, saved_ref as string)).toEqual({ ...versionTwo, a: "committed", "src/b": "staged" });
    await other.rollback({ to: saved_ref as string });
    expect(await published()).toEqual({ ...versionTwo, a: "committed", "src/b": "staged" });
  });

  test("of some paths leaves what else is staged", async () => {
    const [first] = await twoVersions();
    await trunk.write("a", "staged");
    await trunk.write("src/b", "staged");
    const { saved_ref, paths } = await trunk.rollback({ to: first, paths: ["src"] });
    expect(paths).toEqual(["src"]);
    expect(await published()).toEqual({ ...versionOne, a: "2" });
    expect(await files(trunk)).toEqual({ ...versionOne, a: "staged" });
    expect(await trunk.read("src/b", { ref: saved_ref as string })).toBe("staged");
    await trunk.checkpoint({ message: "the rest" });
    expect(await published()).toEqual({ ...versionOne, a: "staged" });
  });

  test("to what is there already makes no commit", async () => {
    const [, second] = await twoVersions();
    expect(await trunk.rollback({ to: "main" })).toMatchObject({ checkpoint: null, saved_ref: null });
    await trunk.write("a", "staged");
    const { checkpoint, saved_ref } = await trunk.rollback({ to: second });
    expect([checkpoint, trunk.head]).toEqual([null, second]);
    expect(await trunk.read("a")).toBe("2");
    expect(await trunk.read("a", { ref: saved_ref as string })).toBe("staged");
  });

  test.each([
    [{ to: "nowhere" }, "NOT_FOUND"],
    [{ to: "0".repeat(40) }, "NOT_FOUND"],
    [{ to: "HEAD~9" }, "NOT_FOUND"],
    [{ to: "main", paths: ["nowhere"] }, "NOT_FOUND"],
    [{ to: "main", paths: ["../a"] }, "INVALID_ARGUMENT"],
    [{ to: "main", paths: ["/a"] }, "INVALID_ARGUMENT"],
    [{ to: "main", paths: [".GIT/config"] }, "INVALID_ARGUMENT"],
  ])("refuses %j", async (options, code) => {
    const [, second] = await twoVersions();
    await trunk.write("a", "staged");
    const error = await trunk.rollback(options).catch((thrown) => thrown);
    expect([isTrunksError(error, code as "NOT_FOUND"), trunk.head]).toEqual([true, second]);
    expect(await trunk.read("a")).toBe("staged");
  });

  test("refuses a commit that nothing leads to any more, and a branch without a commit", async () => {
    const error = await trunk.rollback({ to: "main" }).catch((thrown) => thrown);
    expect(isTrunksError(error, "NOT_FOUND")).toBe(true);
    const [first] = await twoVersions();
    await trunk.branches.create({ name: "side", from: first });
    await trunk.branches.switch({ name: "side" });
    await trunk.write("a", "aside");
    const { id } = await trunk.checkpoint({ message: "aside" });
    await trunk.branches.switch({ name: "main" });
    await trunk.branches.delete({ name: "side" });
    const gone = await trunk.rollback({ to: id }).catch((thrown) => thrown);
    expect(isTrunksError(gone, "NOT_FOUND")).toBe(true);
  });
});
