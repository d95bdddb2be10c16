import { isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { checkStorageName, optionName, resolveStorage } from "../src/index.ts";

const stored = { url: "s3://bucket", options: { region: "x" }, secrets: { secretKey: "stored" } };

test("settings alone", () => {
  expect(resolveStorage("primary", { primary: stored }, {})).toEqual(stored);
});

test("the environment beats the settings, key by key", () => {
  const environment = {
    TRUNKS_STORAGE_PRIMARY_SECRET_KEY: "given",
    TRUNKS_STORAGE_PRIMARY_ENDPOINT: "http://127.0.0.1",
    TRUNKS_STORAGE_OTHER_SECRET_KEY: "other",
    TRUNKS_STORAGE_PRIMARY_REGION: "",
  };
  expect(resolveStorage("primary", { primary: stored }, environment)).toEqual({
    ...stored,
    secrets: { secretKey: "given", endpoint: "http://127.0.0.1" },
  });
});

test("the environment alone", () => {
  const environment = { TRUNKS_STORAGE_IN_CI_URL: "s3://ci", TRUNKS_STORAGE_IN_CI_ACCESS_KEY: "id" };
  expect(resolveStorage("in-ci", {}, environment)).toEqual({
    url: "s3://ci",
    options: {},
    secrets: { accessKey: "id" },
  });
  expect(resolveStorage("in", {}, {})).toBeUndefined();
});

test.each<[object, object, object]>([
  [
    { accessKey: "a", secretKey: "b", sessionToken: "c" },
    { ACCESS_KEY: "d", SECRET_KEY: "e" },
    { accessKey: "d", secretKey: "e" },
  ],
  [{ accessKey: "a", secretKey: "b" }, { ACCESS_KEY: "d" }, { accessKey: "d" }],
  [{ accessKey: "a", secretKey: "b" }, { SECRET_KEY: "e" }, { accessKey: "a", secretKey: "e" }],
  [{ accountKey: "a" }, { SAS_TOKEN: "b" }, { sasToken: "b" }],
  [{ connectionString: "a" }, { ACCOUNT_KEY: "b" }, { accountKey: "b" }],
  [{ keyFile: "a" }, { ACCESS_TOKEN: "b" }, { accessToken: "b" }],
  [{ keyFile: "a", passphrase: "b" }, { IDENTITY_FILE: "c" }, { identityFile: "c" }],
])("who asks is not put together from both: %j and %j", (secrets, variables, expected) => {
  const environment = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [`TRUNKS_STORAGE_PRIMARY_${key}`, value]),
  );
  const storages = { primary: { ...stored, secrets: { ...secrets } } };
  expect(resolveStorage("primary", storages, environment)?.secrets).toEqual(expected);
});

test("a variable is called as the option of `storage add` is", () => {
  const environment = { TRUNKS_STORAGE_PRIMARY_ACCOUNT_ID: "0123", TRUNKS_STORAGE_PRIMARY_JUMP_HOST: "a" };
  const found = resolveStorage("primary", { primary: { ...stored, secrets: {} } }, environment);
  expect(found?.secrets).toEqual({ account: "0123", proxyJump: "a" });
});

test("a variable belongs to the storage with the longest name", () => {
  const storages = { a: stored, "a-b": stored };
  const environment = { TRUNKS_STORAGE_A_B_PASSWORD: "of a-b", TRUNKS_STORAGE_A_PASSWORD: "of a" };
  expect(resolveStorage("a", storages, environment)?.secrets).toEqual({ secretKey: "stored", password: "of a" });
  expect(resolveStorage("a-b", storages, environment)?.secrets).toEqual({ secretKey: "stored", password: "of a-b" });
});

test("names of storages", () => {
  for (const name of ["a", "primary", "backup-2"]) checkStorageName(name);
  for (const name of ["", "A", "a_b", "2", "-a", "a b", "a/b", "a".repeat(64), "__proto__"]) {
    expect(() => checkStorageName(name), name).toThrow("cannot be a storage's name");
  }
  expect(resolveStorage("constructor", {}, {})).toBeUndefined();
  try {
    resolveStorage("A", {}, {});
    expect.unreachable();
  } catch (error) {
    expect(isTrunksError(error, "CONFIG_INVALID")).toBe(true);
  }
});

test("names of options", () => {
  expect(["ACCESS_KEY", "access-key", "url", "FORCE__PATH-STYLE"].map(optionName)).toEqual([
    "accessKey",
    "accessKey",
    "url",
    "forcePathStyle",
  ]);
});
