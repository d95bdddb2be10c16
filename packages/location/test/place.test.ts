import { describe, expect, test } from "vitest";
import { openPlace, parseLocation, placeUrl, type Settings } from "../src/index.ts";

const bytes = new TextEncoder().encode("bytes");

describe("the URL of a place", () => {
  test.each([
    ["local:///srv/code", {}, "local:///srv/code/trunks/app.trunk"],
    [
      "s3://bucket/team",
      { region: "eu", pathStyle: "true" },
      "s3://bucket/team/trunks/app.trunk?path-style=true&region=eu",
    ],
    ["s3://bucket?endpoint=https://host", {}, "s3://bucket/trunks/app.trunk?endpoint=https%3A%2F%2Fhost"],
    ["sftp://user@host:2222/srv", {}, "sftp://user@host:2222/srv/trunks/app.trunk"],
    ["azure://account/container", {}, "azure://account/container/trunks/app.trunk"],
  ])("%s: has all that others need, and names the same trunk", (url, options, expected) => {
    expect(placeUrl({ url, options, secrets: {} }, "trunks/app.trunk/")).toBe(expected);
    expect(parseLocation(expected)).toMatchObject({ kind: "url", name: "app", prefix: "trunks/app.trunk/" });
  });

  test.each([
    ["sftp://user:hunter2@host/srv", {}],
    ["postgres://user:hunter2@host/database", {}],
    ["s3://bucket?secret-key=hunter2&token=hunter2", {}],
    ["azure://account/container?sig=hunter2&sas-token=hunter2", {}],
    ["s3://bucket", { accessKey: "hunter2", sessionToken: "hunter2", "x-password": "hunter2" }],
  ])("%s: has no secret in it", (url, options) => {
    const secrets = { secretKey: "hunter2" };
    expect(placeUrl({ url, options, secrets }, "trunks/app.trunk/")).not.toContain("hunter2");
  });
});

describe("a place of the map", () => {
  const place = { name: "backup", url: "memory://of-the-map/trunks/app.trunk" };
  const open = (options: Partial<Parameters<typeof openPlace>[1]>, url = place.url) =>
    openPlace({ ...place, url }, { environment: {}, ...options });

  test("is opened by its URL where this machine says nothing", async () => {
    const opened = await open({});
    expect([opened.redactedUrl, opened.prefix]).toEqual(["memory://of-the-map", "trunks/app.trunk/"]);
    await opened.backend.create("key", bytes);
  });

  test("is where this machine says that it is: in its settings, and before them in the environment", async () => {
    const storage = { url: "memory://of-settings", options: {}, secrets: { secretKey: "hunter2" } };
    const settings: Settings = { repository: "app", storages: { backup: storage } };
    expect((await open({ settings })).redactedUrl).toBe("memory://of-settings");
    const environment = { TRUNKS_STORAGE_BACKUP_URL: "memory://of-the-environment" };
    expect((await open({ settings, environment })).redactedUrl).toBe("memory://of-the-environment");
  });

  test.each([
    "s3://bucket/trunks/app.trunk?endpoint=https://evil.example",
    "minio://bucket/trunks/app.trunk?endpoint=https://evil.example",
    "azure://account/container/trunks/app.trunk?endpoint=https://evil.example",
    "postgres://evil.example/database/trunks/app.trunk",
    "vault://evil.example/trunks/app.trunk",
  ])("%s: gets no credentials of this machine unless this machine names it", async (url) => {
    const environment = { TRUNKS_STORAGE_BACKUP_SECRET_KEY: "hunter2", AWS_SECRET_ACCESS_KEY: "hunter2" };
    await expect(open({ environment }, url)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("TRUNKS_STORAGE_BACKUP_URL"),
    });
  });
});
