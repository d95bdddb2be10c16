import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LocalBackend } from "@trunks/backend-local";
import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { scope } from "@trunks/layers";
import { type RefMove, Repository } from "@trunks/repo";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { noise } from "../support/noise.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TracedHelper } from "../support/traced-session.ts";

let sandbox: Sandbox;
let count = 0;
beforeAll(() => {
  sandbox = new Sandbox();
  for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await sandbox.remove();
});

const stores: readonly (readonly [string, () => Backend])[] = [
  ["memory", () => new MemoryBackend()],
  [
    "local",
    () => {
      const root = join(sandbox.path, "store", `requests-${count}`);
      mkdirSync(root);
      return new LocalBackend({ root });
    },
  ],
];

describe.each(stores)("requests to a %s store", (_, openStore) => {
  let store: Backend;
  let helper: TracedHelper;
  /** A writer that is no helper. */
  let writer: Repository;
  let folder: string;
  let gitDir: string;

  /** Works in a repository, as git does with GIT_DIR for its helper. */
  function enter(name: string): void {
    folder = name;
    gitDir = join(sandbox.path, name, ".git");
    vi.stubEnv("GIT_DIR", gitDir);
  }

  const list = () => helper.converse(gitDir, "list", "");
  const push = (...specs: string[]) =>
    helper.converse(gitDir, "option verbosity 0", "list for-push", ...specs.map((spec) => `push ${spec}`), "", "");

  beforeEach(async () => {
    store = openStore();
    helper = new TracedHelper(store);
    writer = new Repository(scope(store, "trunks/app.trunk/"));
    vi.stubEnv("GIT_DIR", undefined);
    await makeRepository(sandbox, `work-${++count}`);
    enter(`work-${count}`);
  });

  test("ls-remote with a known state: one round trip", async () => {
    await push("refs/heads/main:refs/heads/main");
    expect((await list()).requests).toEqual([`1 get ${record(1)}`, `1 get ${record(2)}`]);
  });

  test("ls-remote of 10,000 refs with nothing known: two round trips", async () => {
    await publish(moves(10_000));
    helper.forget();
    const { output, requests } = await list();
    expect(output.match(/ refs\/heads\/many\//g)).toHaveLength(10_000);
    expect(requests).toEqual(["1 list journal/", "1 get latest", `2 get refs/${slotName(0)}-<id>`]);
  });

  test("ls-remote of 10,000 refs and 64 pushes with nothing known: the same", async () => {
    await publish(moves(10_000));
    for (let slot = 1; slot < 63; slot++)
      await publish([{ ref: `refs/tags/${slot}`, oldId: undefined, newId: fakeId(slot) }]);
    await push("refs/heads/main:refs/heads/main");
    helper.forget();
    const { output, requests } = await list();
    expect(output.match(/ refs\/heads\/many\//g)).toHaveLength(10_000);
    expect(requests).toEqual(["1 list journal/", "1 get latest", `2 get refs/${slotName(63)}-<id>`]);
  });

  test("ls-remote of a trunk that is not there", async () => {
    await expect(list()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a small push with a known state: two round trips", async () => {
    await push("refs/heads/main:refs/heads/main");
    await commit(sandbox, folder, "second");
    const { output, requests } = await push("refs/heads/main:refs/heads/main");
    expect(output).toContain("ok refs/heads/main");
    expect(requests).toEqual([`1 get ${record(1)}`, `1 get ${record(0)} [0,512)`, `2 create ${record(1)}`]);
  });

  test("a branch more, and 500 refs atomically: as a small push", async () => {
    await push("refs/heads/main:refs/heads/main");
    const expected = (slot: number) => [
      `1 get ${record(slot)}`,
      `1 get ${record(slot - 1)} [0,512)`,
      `2 create ${record(slot)}`,
    ];
    expect((await push("refs/heads/main:refs/heads/other")).requests).toEqual(expected(1));
    const specs = Array.from({ length: 500 }, (_, index) => `push refs/heads/main:refs/heads/all/${index}`);
    const { output, requests } = await helper.converse(gitDir, "option atomic true", "list for-push", ...specs, "", "");
    expect(output.match(/^ok /gm)).toHaveLength(500);
    expect(requests).toEqual(expected(2));
  });

  test("a large push: pack and index at once, then the record: three round trips", async () => {
    await push("refs/heads/main:refs/heads/main");
    await commit(sandbox, folder, "large", { "large.bin": noise(2_000_000) });
    const { output, requests } = await push("refs/heads/main:refs/heads/main");
    expect(output).toContain("ok refs/heads/main");
    expect(requests).toEqual([
      `1 get ${record(1)}`,
      `1 get ${record(0)} [0,512)`,
      "2 create objects/<id>.pack",
      "2 create objects/<id>.idx",
      `3 create ${record(1)}`,
    ]);
  });

  test("a push that knows the state of one push before: one round trip more", async () => {
    await push("refs/heads/main:refs/heads/main");
    const other = new TracedHelper(store);
    await other.converse(gitDir, "list", "");
    await commit(sandbox, folder, "second");
    await push("refs/heads/main:refs/heads/main");
    await commit(sandbox, folder, "third");
    const late = await other.converse(gitDir, "list for-push", "push refs/heads/main:refs/heads/main", "", "");
    expect(late.output).toContain("ok refs/heads/main");
    expect(late.requests).toEqual([
      `1 get ${record(1)}`,
      `1 get ${record(0)} [0,512)`,
      `2 get ${record(2)}`,
      `2 get ${record(3)}`,
      `3 create ${record(2)}`,
    ]);
  });

  test("a fetch, one small push behind: one round trip; with nothing new the same", async () => {
    await push("refs/heads/main:refs/heads/main");
    const first = await sandbox.git(["rev-parse", "main"], { folder });
    const work = folder;
    const reader = await enterClone();
    await reader.converse(gitDir, "list", `fetch ${first} refs/heads/main`, "", "");
    await sandbox.git(["update-ref", "refs/remotes/origin/main", first], { folder });
    const clone = folder;
    const second = await commitAndPush(work);
    enter(clone);
    const { requests } = await reader.converse(gitDir, "list", `fetch ${second} refs/heads/main`, "", "");
    expect(requests).toEqual([`1 get ${record(1)}`, `1 get ${record(2)}`]);
    expect(await sandbox.git(["cat-file", "-t", `${second}^{tree}`], { folder })).toBe("tree");
    const again = await reader.converse(gitDir, "list", "");
    expect(again.requests).toEqual([`1 get ${record(2)}`, `1 get ${record(3)}`]);
  });

  test("a clone: two round trips, then the packs", async () => {
    await commit(sandbox, folder, "large", { "large.bin": noise(2_000_000) });
    await push("refs/heads/main:refs/heads/main");
    const work = folder;
    for (let index = 0; index < 3; index++) await commitAndPush(work, `small-${index}`);
    const id = await sandbox.git(["rev-parse", "main"], { folder });
    const reader = await enterClone();
    const { output, requests } = await reader.converse(
      gitDir,
      "option cloning true",
      "option check-connectivity true",
      "list",
      `fetch ${id} refs/heads/main`,
      "",
      "",
    );
    expect(output).toMatch(/\nlock .*\.keep\nconnectivity-ok\n\n$/);
    expect(requests).toEqual([
      "1 list journal/",
      "1 get latest",
      `2 get ${record(0)}`,
      `2 get ${record(1)}`,
      `2 get ${record(2)}`,
      `2 get ${record(3)}`,
      "3 get objects/<id>.pack",
      "3 get objects/<id>.idx",
    ]);
  });

  test("a clone of several small segments asks for all of them at once", async () => {
    for (const [index, name] of ["one", "two", "three"].entries()) {
      await commit(sandbox, folder, name, { [`${name}.bin`]: noise(2_000_000, index) });
      await push("refs/heads/main:refs/heads/main");
    }
    const id = await sandbox.git(["rev-parse", "main"], { folder });
    const reader = await enterClone();
    const { requests } = await reader.converse(gitDir, "list", `fetch ${id} refs/heads/main`, "", "");
    const segment = ["3 get objects/<id>.pack", "3 get objects/<id>.idx"];
    expect(requests.slice(5)).toEqual([...segment, ...segment, ...segment]);
  });

  test("a clone of pushes that lie behind a snapshot asks for them at once", async () => {
    const work = folder;
    for (let slot = 0; slot < 64; slot++) {
      if (slot === 62) await commitAndPush(work);
      else if (slot === 63) await push("refs/heads/main:refs/heads/other");
      else await publish([{ ref: `refs/tags/${slot}`, oldId: undefined, newId: fakeId(slot) }]);
    }
    const id = await sandbox.git(["rev-parse", "main"], { folder });
    const reader = await enterClone();
    const { requests } = await reader.converse(gitDir, "list", `fetch ${id} refs/heads/main`, "", "");
    expect(requests).toEqual([
      "1 list journal/",
      "1 get latest",
      `2 get refs/${slotName(63)}-<id>`,
      expect.stringMatching(new RegExp(`^3 get ${record(62)} \\[-[0-9]+\\]$`)),
    ]);
  });

  test("an object that a partial clone misses: one round trip for the state, one for its bytes", async () => {
    await commit(sandbox, folder, "large", { "large.bin": noise(2_000_000) });
    await push("refs/heads/main:refs/heads/main");
    const ids = await sandbox.git(["rev-parse", "main:README.md", "main:src/main.c"], { folder });
    const [first, second] = ids.split("\n") as [string, string];
    const reader = await enterClone();
    await reader.converse(gitDir, "list", "");
    const wanted = (id: string) =>
      reader.converse(gitDir, "option filter blob:none", "stateless-connect git-upload-pack", wantPackets(id));
    const asked = await wanted(first);
    expect(asked.output).toContain("PACK");
    const state = [`1 get ${record(1)}`, `1 get ${record(2)}`];
    expect(asked.requests.slice(0, 3)).toEqual([...state, "2 get objects/<id>.idx"]);
    const again = await wanted(second);
    expect(again.output).toContain("PACK");
    expect(again.requests.slice(0, 2)).toEqual(state);
    expect(again.requests.slice(2).every((request) => /^2 get objects\/<id>\.pack \[/.test(request))).toBe(true);
    expect(again.requests.length).toBeLessThanOrEqual(4);
  });

  async function publish(some: readonly RefMove[]): Promise<void> {
    const state = writer.known ?? (await writer.create());
    await writer.publish({ moves: some, basis: state.slot, assumed: [] });
    await writer.maintain();
  }

  /** Enters a new, empty repository and answers its helper. */
  async function enterClone(): Promise<TracedHelper> {
    vi.stubEnv("GIT_DIR", undefined);
    await sandbox.git(["init", "-q", `clone-${++count}`]);
    enter(`clone-${count}`);
    return new TracedHelper(store);
  }

  async function commitAndPush(work: string, message = "more"): Promise<string> {
    vi.stubEnv("GIT_DIR", undefined);
    const id = await commit(sandbox, work, message);
    enter(work);
    await push("refs/heads/main:refs/heads/main");
    return id;
  }
});

/** The name of a slot in keys. */
function slotName(slot: number): string {
  return String(999_999_999_999_999 - slot);
}

function record(slot: number): string {
  return `journal/${slotName(slot)}`;
}

function fakeId(number: number): string {
  return number.toString(16).padStart(40, "0");
}

function moves(length: number): RefMove[] {
  return Array.from({ length }, (_, index) => ({
    ref: `refs/heads/many/${index}`,
    oldId: undefined,
    newId: fakeId(index + 1),
  }));
}

/** A partial clone's request for one object, in Git's protocol version 2. */
function wantPackets(id: string): string {
  const packet = (text: string) => `${(text.length + 5).toString(16).padStart(4, "0")}${text}\n`;
  return `${packet("command=fetch")}0001${packet("no-progress")}${packet(`want ${id}`)}${packet("filter blob:none")}${packet("done")}0000`;
}
