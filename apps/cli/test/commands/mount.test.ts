import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
let store: string;

beforeAll(() => {
  sandbox = new Sandbox();
  store = `local://${sandbox.path}/store`;
});
afterAll(() => sandbox.remove());

test("mount, mount list and unmount, in text and in JSON", async () => {
  const path = `${sandbox.path}/work`;
  const place = { path, repository: "app", url: `${store}/trunks/app.trunk` };
  const made = await trunksJson(sandbox, ["mount", "--repo", "app", "--backend", store, "--path", "work"]);
  expect(made).toEqual({
    object: "mount",
    id: expect.any(String),
    ...place,
    remote: "origin",
    branch: "main",
    commit_id: null,
    created: true,
    adopted: false,
    kept: [],
    watch: false,
  });
  await sandbox.git(["commit", "-q", "--allow-empty", "-m", "one"], { folder: "work" });
  await trunksText(sandbox, ["push"], { folder: "work" });
  const again = await trunks(sandbox, ["mount"], { folder: "work" });
  expect(again.stdout).toMatch(new RegExp(`^${path}: app, on main \\([0-9a-f]{12}\\)\n$`));
  expect(await trunksJson(sandbox, ["mount", "list", "--limit", "1"])).toMatchObject({
    object: "list",
    data: [{ object: "mount", ...place, state: "ready" }],
    total_count: 1,
  });
  expect(await trunksText(sandbox, ["mount", "list"])).toBe(`${path}  app  ${place.url}\n`);
  sandbox.write("work/new", "new\n");
  const ended = await trunks(sandbox, ["unmount", "work"]);
  expect(ended).toMatchObject({ status: 0, stdout: `${path} is a mount no more; its files stay\n` });
  expect(ended.stderr).toBe("only here: 1 file not committed: new\n");
  expect(await trunksText(sandbox, ["mount", "list"])).toContain("there are no mounts");
});

test("refusals end with status 1 and say what to do; a wrong command line ends with 2", async () => {
  await trunksText(sandbox, ["mount", "--repo", "one", "--backend", store, "--path", "one"]);
  const refused = await trunks(sandbox, ["mount", "--repo", "two", "--backend", store, "--path", "one"]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(/^trunks: .*one belongs to another trunk already: .*\nhint: mount another folder/);
  expect(await trunksJson(sandbox, ["unmount", "home"])).toMatchObject({ object: "error", code: "NOT_FOUND" });
  expect((await trunks(sandbox, ["mount", "--nope"])).status).toBe(2);
  expect((await trunks(sandbox, ["mount", "surplus"])).status).toBe(2);
});

test("a watched mount's states are listed and brought back", async () => {
  const made = await trunks(sandbox, ["mount", "--repo", "w", "--backend", store, "--path", "watched", "--watch"]);
  expect(made.stdout).toContain("on main (no commit yet), watched\n");
  const folder = { folder: "watched" };
  sandbox.write("watched/a", "one\n");
  const first = await trunksJson<{ data: { id: string }[] }>(sandbox, ["recover", "--limit", "1"], folder);
  const id = first.data[0]?.id as string;
  sandbox.write("watched/a", "two\n");
  const done = await trunks(sandbox, ["recover", "--to", id.slice(0, 10), "a"], folder);
  expect(done.stdout).toBe(`${sandbox.path}/watched: 1 file brought back, 0 removed\n`);
  expect(sandbox.read("watched/a")).toBe("one\n");
  const back = /trunks recover --to ([0-9a-f]{12})\n$/.exec(done.stderr)?.[1] as string;
  expect(await trunksJson(sandbox, ["recover", "--to", back], folder)).toMatchObject({
    object: "recovery",
    restored: ["a"],
    removed: [],
    blocked: [],
    before: expect.any(String),
  });
  expect(sandbox.read("watched/a")).toBe("two\n");
  await trunksText(sandbox, ["recover", "--to", id, "--into", "copy"], folder);
  expect(sandbox.read("watched/copy/a")).toBe("one\n");
  const { data } = await trunksJson<{ data: { path: string }[] }>(sandbox, ["mount", "list"]);
  expect(data.find(({ path }) => path.endsWith("/watched"))).toMatchObject({
    watch: true,
    watcher: { saved: expect.any(String), pushed: null, trouble: null },
  });
  expect(await trunksText(sandbox, ["mount", "list"])).toMatch(/watched {2}w .* watched$/m);
  for (const message of ["by stock git, for it is the first", "by whoever watches"]) {
    sandbox.write("watched/a", `${message}\n`);
    const answer = await trunksJson(sandbox, ["checkpoint", "-m", message], folder);
    expect(answer).toMatchObject({ object: "checkpoint", branch: "main", created: true, message: `${message}\n` });
    expect(await sandbox.git(["status", "--porcelain", "a"], folder)).toBe("");
  }
  expect((await trunks(sandbox, ["checkpoint", "-m", "none"], folder)).stdout).toContain("nothing has changed since");
  expect((await trunks(sandbox, ["recover", "--into", "x"], folder)).status).toBe(2);
  expect(await trunksJson(sandbox, ["recover", "--to", "0000"], folder)).toMatchObject({ code: "NOT_FOUND" });
  await trunksText(sandbox, ["unmount"], folder);
});

test("the interval is in seconds; a journal is cleaned, and told of at the end", async () => {
  const args = ["mount", "--repo", "i", "--backend", store, "--path", "slow", "--watch=push"];
  for (const [text, status] of [
    ["0", 1],
    ["86400", 1],
    ["soon", 2],
    ["-1", 2],
  ] as const) {
    const refused = await trunks(sandbox, [...args, `--watch-interval=${text}`]);
    expect([text, refused.status]).toEqual([text, status]);
    expect(refused.stderr).toContain(status === 1 ? "hint: it takes seconds, from 0.5 to 3600" : "takes seconds");
  }
  const made = await trunksJson<{ id: string }>(sandbox, [...args, "--watch-interval", "900"]);
  const { data } = await trunksJson<{ data: { path: string }[] }>(sandbox, ["mount", "list"]);
  expect(data.find(({ path }) => path.endsWith("/slow"))).toMatchObject({ watcher: { interval_ms: 900_000 } });
  expect(await trunksText(sandbox, ["recover", "--path", "slow", "--clean"])).toMatch(
    /slow: states of 0 days removed; \d days? of 1 mount left\n$/,
  );
  for (const wrong of [
    ["--of", "x"],
    ["--clean", "--to", "x"],
    ["--clean", "a"],
  ]) {
    expect((await trunks(sandbox, ["recover", "--path", "slow", ...wrong])).status).toBe(2);
  }
  const { stderr } = await trunks(sandbox, ["unmount", "slow"]);
  expect(stderr).toMatch(
    new RegExp(
      `^its journal stays: states of 1 day here and of 1 day in the trunk; to remove it: trunks recover --clean --of ${made.id.slice(0, 8)}, `,
      "m",
    ),
  );
});
