import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone, contents } from "../support/clone.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { StoreSandbox } from "../support/store-sandbox.ts";
import { needStore, type Store, startStore } from "../support/stores.ts";
import { trunksJson, trunksText } from "../support/trunks.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;
const timeoutMs = 300_000;
const folder = "work";

describe.each(["local", "versity"] as const)("a trunk of many pushes, %s", (name) => {
  let sandbox: StoreSandbox;
  let started: Store | string | undefined;
  let url: string;

  beforeAll(async () => {
    sandbox = new StoreSandbox();
    started = await startStore(name, sandbox);
    if (typeof started !== "string") sandbox.storeEnvironment = started.environment;
  }, startTimeoutMs);
  afterAll(async () => {
    await sandbox.remove();
    if (typeof started === "object") await started.stop();
  });
  beforeEach((context) => {
    url = needStore(context, started).url("app");
  });

  const branches = async (where: string) => {
    const { refs } = await contents(sandbox, where);
    return refs.filter((line) => line.includes("refs/heads/"));
  };
  const maintenance = (...args: string[]) => trunksJson<Record<string, unknown>>(sandbox, args, { folder });

  test(
    "is the same when its packs were made one, for old clones and for new ones",
    async () => {
      await makeRepository(sandbox, folder);
      await sandbox.git(["remote", "add", "origin", url], { folder });
      await sandbox.git(["push", "-q", "-u", "origin", "main"], { folder });
      await sandbox.git(["clone", "-q", url, "early"]);
      await pushOneByOne(sandbox, folder, url, await manyCommits(sandbox, folder, 40));
      await sandbox.git(["clone", "-q", url, "halfway"]);
      await pushOneByOne(sandbox, folder, url, await manyCommits(sandbox, folder, 26));
      await sandbox.git(["fetch", "-q"], { folder });
      await sandbox.git(["reset", "-q", "--hard"], { folder });
      expect(await maintenance("maintenance", "status")).toMatchObject({ inline_packs: 67, due: true, last_run: null });
      expect(await maintenance("maintenance", "run")).toMatchObject({
        object: "maintenance",
        merged_packs: 67,
        written_packs: 1,
        deleted_files: 0,
      });
      const status = await maintenance("maintenance", "status");
      expect(status).toMatchObject({ segments: 1, inline_packs: 0, retired_packs: 67, due: false });
      expect(status.last_run).toMatchObject({ ok: true });
      await commit(sandbox, folder, "later");
      await sandbox.git(["push", "-q", "origin", "main"], { folder });
      expect((await checkedClone(sandbox, url)).refs).toEqual(await branches(folder));
      for (const clone of ["early", "halfway"]) {
        await sandbox.git(["pull", "-q", "--ff-only"], { folder: clone });
        await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: clone });
        expect(await sandbox.git(["rev-parse", "HEAD"], { folder: clone })).toBe(
          await sandbox.git(["rev-parse", "HEAD"], { folder }),
        );
      }
      expect(await maintenance("check", "--remote", "--full")).toMatchObject({ ok: true, problems: [] });
    },
    timeoutMs,
  );

  test(
    "loses what nobody needs, when it is cleaned, and nothing else",
    async () => {
      await sandbox.git(["switch", "-q", "-c", "topic"], { folder });
      const lost = await commit(sandbox, folder, "lost", { lost: "only here\n" });
      await sandbox.git(["push", "-q", "origin", "topic"], { folder });
      await sandbox.git(["switch", "-q", "main"], { folder });
      await sandbox.git(["branch", "-q", "-D", "topic"], { folder });
      await sandbox.git(["push", "-q", "origin", ":topic"], { folder });
      const kept = await maintenance("check", "--remote", "--clean");
      expect(kept).toMatchObject({ ok: true, cleaned: { dropped_objects: 0, deleted_files: 0 } });
      const refused = await maintenance("check", "--remote", "--clean", "--grace", "0");
      expect(refused).toMatchObject({ object: "error", code: "INVALID_ARGUMENT" });
      const now = ["--grace", "0", "--retention", "0", "--force"];
      await maintenance("check", "--remote", "--clean", ...now);
      // What was retired a moment ago goes now.
      await maintenance("check", "--remote", "--clean", ...now);
      const report = await trunksText(sandbox, ["check", "--remote", "--full"], { folder });
      expect(report).toContain("no damage found");
      expect(await maintenance("maintenance", "status")).toMatchObject({ retired_packs: 0 });
      expect((await checkedClone(sandbox, url)).refs).toEqual(await branches(folder));
      expect((await sandbox.tryGit(["cat-file", "-e", lost], { folder: "checked" })).status).not.toBe(0);
    },
    timeoutMs,
  );
});
