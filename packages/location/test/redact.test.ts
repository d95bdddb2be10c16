import { expect, test } from "vitest";
import { isSecretName, redactUrl } from "../src/index.ts";

test.each([
  ["s3://bucket/app", "s3://bucket/app"],
  ["postgres://user@host/db", "postgres://user@host/db"],
  ["postgres://user:pw@host/db", "postgres://user:***@host/db"],
  ["postgres://:pw@host/db", "postgres://:***@host/db"],
  ["sftp://u:p@ss/w:rd@host/x", "sftp://u:***@host/x"],
  ["s3://b/a?region=x&secret_key=pw", "s3://b/a?region=x&secret_key=***"],
  ["s3://b/a?secretKey=pw&region=x", "s3://b/a?secretKey=***&region=x"],
  ["s3://b/a?%73ecret=pw", "s3://b/a?%73ecret=***"],
  ["azure://a/c?sv=1&sig=pw", "azure://a/c?sv=1&sig=***"],
  [
    "https://h/k?X-Amz-Signature=pw&X-Amz-Credential=pw&X-Amz-Security-Token=pw",
    "https://h/k?X-Amz-Signature=***&X-Amz-Credential=***&X-Amz-Security-Token=***",
  ],
  ["https://ghp_1@host/me/app", "https://***@host/me/app"],
  ["git+http://me:pw@host/app, https://host/a@b", "git+http://***@host/app, https://host/a@b"],
  ["failed: s3://i:pw@b/a, then sftp://i:pw@h/x", "failed: s3://i:***@b/a, then sftp://i:***@h/x"],
])("%s", (text, redacted) => {
  expect(redactUrl(text)).toBe(redacted);
  expect(redactUrl(redactUrl(text))).toBe(redacted);
});

test("names that promise secrets", () => {
  for (const name of ["secretKey", "password", "sasToken", "accountKey", "privateKey", "passphrase", "sig"]) {
    expect(isSecretName(name), name).toBe(true);
  }
  for (const name of ["region", "endpoint", "profile", "design", "pathStyle"])
    expect(isSecretName(name), name).toBe(false);
});
