import { describe, expect, test } from "vitest";
import {
  type FormValues,
  fieldOption,
  formSchemes,
  formUrl,
  formValues,
  schemeRules,
  storageFields,
} from "../src/index.ts";

describe("fields make a URL, and a URL has them again", () => {
  test.each<[string, FormValues, string]>([
    ["s3", { bucket: "my-bucket" }, "s3://my-bucket"],
    ["s3", { bucket: "my.bucket_1", path: "team/our code" }, "s3://my.bucket_1/team/our%20code"],
    ["gcs", { bucket: "b", path: "p" }, "gcs://b/p"],
    ["azure", { account: "a", container: "c", path: "p/q" }, "azure://a/c/p/q"],
    ["postgres", { host: "db", port: "5433", user: "me@corp", database: "d" }, "postgres://me%40corp@db:5433/d"],
    ["postgres", { database: "d", path: "team" }, "postgres:///d/team"],
    ["sftp", { host: "[::1]", user: "me", path: "srv/code" }, "sftp://me@[::1]/srv/code"],
    ["local", { path: "srv/100%" }, "local:///srv/100%25"],
    ["redis", { host: "h", path: "p" }, "redis://h/p"],
  ])("%s %j", (scheme, values, url) => {
    expect(formUrl(scheme, values)).toBe(url);
    expect(formValues(url)).toEqual(values);
  });
});

test("slashes around a path, and brackets of an address, need not be written", () => {
  expect(formUrl("s3", { bucket: "b", path: "/team//code/" })).toBe("s3://b/team/code");
  expect(formUrl("sftp", { host: "::1", path: "/srv" })).toBe("sftp://[::1]/srv");
});

test.each<[string, FormValues]>([
  ["s3", { bucket: "a/b" }],
  ["s3", { bucket: "a@b" }],
  ["s3", { bucket: "a?x=1" }],
  ["s3", { path: "p" }],
  ["sftp", { host: "h", port: "22x", path: "/" }],
  ["azure", { account: "a" }],
  ["local", { path: "a/../b" }],
])("%s %j makes none", (scheme, values) => {
  expect(() => formUrl(scheme, values)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});

test("every kind asks for what it requires, and no field of a kind fills the place of another", () => {
  expect(formSchemes()).toContain("azure");
  for (const scheme of formSchemes()) {
    const { required, asked, others } = schemeRules(scheme).form;
    const all = [...asked, ...others];
    expect(all, scheme).toEqual(expect.arrayContaining([...required]));
    const places = all.map((name) =>
      "urlPart" in storageFields[name] ? storageFields[name].urlPart : fieldOption(name),
    );
    expect(new Set(places).size, scheme).toBe(all.length);
  }
});

test("options have their backends' names", () => {
  expect(fieldOption("secret-key")).toBe("secretKey");
  expect(fieldOption("account-id")).toBe("account");
  expect(fieldOption("bucket")).toBeUndefined();
});
