import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { openLocation, openRoot, type Settings } from "../src/index.ts";

const bytes = new TextEncoder().encode("bytes");

test("one memory URL is one store", async () => {
  const first = await openLocation("memory://one/app", { environment: {} });
  const second = await openLocation("memory://one/other", { environment: {} });
  const third = await openLocation("memory://two/app", { environment: {} });
  expect([first.name, first.prefix, second.prefix]).toEqual(["app", "trunks/app.trunk/", "trunks/other.trunk/"]);
  expect(await first.backend.create("key", bytes)).toBe(true);
  await first.backend.close();
  expect(await second.backend.create("key", bytes)).toBe(false);
  expect(await third.backend.create("key", bytes)).toBe(true);
});

test("a storage's URL comes from settings or environment, and gives the same cache key as the URL itself", async () => {
  const settings: Settings = {
    repository: "app",
    storages: { primary: { url: "memory://store", options: {}, secrets: {} } },
  };
  const named = await openLocation("trunks://primary/app", { environment: {}, settings });
  const direct = await openLocation("memory://store/app", { environment: {} });
  expect(named.canonicalUrl).toBe(direct.canonicalUrl);
  expect([named.storage, direct.storage]).toEqual(["primary", undefined]);
  const environment = { TRUNKS_STORAGE_PRIMARY_URL: "memory://elsewhere" };
  const moved = await openLocation("trunks://primary/app", { environment, settings });
  expect(moved.redactedUrl).toBe("memory://elsewhere");
});

test("a URL that is a storage's is opened with its secrets, unless it has its own", async () => {
  const url = "memory://id:hunter2@store?path-style=yes";
  const settings: Settings = {
    repository: "app",
    storages: {
      other: { url: "memory://other", options: {}, secrets: {} },
      primary: { url, options: {}, secrets: {} },
    },
  };
  const opened = async (text: string) => (await openLocation(text, { environment: {}, settings })).redactedUrl;
  expect(await opened("memory://id@store/trunks/app.trunk?path-style=yes")).toBe(
    "memory://id:***@store?path-style=yes",
  );
  expect(await opened("memory://id@store/app?path-style=yes&token=own")).toBe(
    "memory://id@store?path-style=yes&token=***",
  );
  expect(await opened("memory://id@store/app")).toBe("memory://id@store");
  const asked = await openLocation("memory://id@store/app?path-style=yes", { environment: {}, settings });
  expect([asked.storage, asked.placeUrl]).toEqual([undefined, "memory://id@store/trunks/app.trunk?path-style=yes"]);
});

test("an unknown storage is an error that says how to make it", async () => {
  const settings: Settings = {
    repository: "app",
    storages: { primary: { url: "memory://", options: {}, secrets: {} } },
  };
  await expect(openLocation("trunks://in-ci/app", { environment: {}, settings })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "there is no storage called in-ci here",
    hint: "known are primary; run `trunks storage add --name in-ci --url …` or set TRUNKS_STORAGE_IN_CI_URL",
  });
});

test("a folder is opened by both of its schemes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunks-open-"));
  try {
    const path = pathToFileURL(folder).pathname;
    const local = await openRoot({ url: `local://${path}`, options: {}, secrets: {} }, { environment: {} });
    const file = await openRoot({ url: `file://${path}`, options: {}, secrets: {} }, { environment: {} });
    expect(await local.backend.create("key", bytes)).toBe(true);
    expect(await file.backend.create("key", bytes)).toBe(false);
    await local.backend.close();
    await file.backend.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("messages and texts show no secrets", async () => {
  const storage = { url: "memory://id:hunter2@host?secret=hunter2", options: {}, secrets: { secretKey: "hunter2" } };
  const settings: Settings = { repository: "app", storages: { primary: storage } };
  const { backend, ...opened } = await openLocation("trunks://primary/app", { environment: {}, settings });
  expect(JSON.stringify(opened)).not.toContain("hunter2");
  expect(opened.redactedUrl).toBe("memory://id:***@host?secret=***");
  await backend.close();
});
