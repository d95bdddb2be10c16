import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { type Amazon, addressOf } from "../src/address.ts";
import { resolveOptions, type S3Options } from "../src/options.ts";

const address = (options: Omit<S3Options, "bucket"> & { bucket?: string }, key?: string, amazon: Amazon = {}) => {
  const resolved = resolveOptions({ bucket: "code", ...options });
  const query = key ? {} : { "list-type": "2" };
  return addressOf(resolved, { region: resolved.region, ...amazon }, { method: "GET", key, query });
};

describe("the URL that is asked", () => {
  test.each([
    [{ region: "eu-central-1" }, "https://code.s3.eu-central-1.amazonaws.com/a/b"],
    [{ endpoint: "http://127.0.0.1:9000" }, "http://127.0.0.1:9000/code/a/b"],
    [{ endpoint: "https://store.example/s3/" }, "https://store.example/s3/code/a/b"],
    [{ endpoint: "https://store.example", pathStyle: false }, "https://code.store.example/a/b"],
    [{ scheme: "tigris" }, "https://code.t3.storage.dev/a/b"],
    [{ scheme: "r2", account: "abc" }, "https://abc.r2.cloudflarestorage.com/code/a/b"],
  ] as const)("%j", (options, expected) => {
    expect(address(options, "a/b")).toBe(expected);
  });

  test("of a list, and of what URLs write otherwise", () => {
    expect(address({ endpoint: "https://store.example" })).toBe("https://store.example/code?list-type=2");
    expect(address({ endpoint: "https://store.example", pathStyle: false })).toBe(
      "https://code.store.example/?list-type=2",
    );
    expect(address({ endpoint: "https://store.example" }, "a b/(c)+d")).toBe(
      "https://store.example/code/a%20b/%28c%29%2Bd",
    );
  });

  test("is none without Amazon's region", () => {
    expect(() => address({}, "a")).toThrow("Region is missing");
  });

  const regions = [
    ...["us-east-1", "eu-central-1", "ap-southeast-4", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"],
    ...["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"],
  ];
  test.each(regions)("in %s is the one that the AWS SDK asks, for every name of a bucket", (region) => {
    for (const bucket of ["code", "my.code", "My_Code", "code-"]) {
      for (const pathStyle of [false, true]) {
        const own = address({ bucket, region, pathStyle }, "a");
        expect(own).toBe(`${sdkEndpoint({ Bucket: bucket, Region: region, ForcePathStyle: pathStyle })}/a`);
      }
    }
  });

  test.each([
    { region: "us-gov-east-1", fips: true },
    { region: "eu-west-1", dualstack: true },
    { region: "us-east-2", fips: true, dualstack: true },
    { region: "cn-northwest-1", dualstack: true },
  ])("of %j is the one that the AWS SDK asks", (amazon) => {
    const { region, fips, dualstack } = amazon;
    const parameters = { Bucket: "code", Region: region, UseFIPS: fips, UseDualStack: dualstack };
    expect(address({ region }, "a", amazon)).toBe(`${sdkEndpoint(parameters)}/a`);
  });

  test("in another store, too", () => {
    for (const endpoint of [
      "http://store.example:9000",
      "https://store.example/s3",
      "http://127.0.0.1:9000",
      "https://[::1]",
    ]) {
      for (const bucket of ["code", "my.code", "My_Code"]) {
        for (const pathStyle of [false, true]) {
          const own = address({ bucket, endpoint, pathStyle }, "a");
          const parameters = { Bucket: bucket, Region: "us-east-1", Endpoint: endpoint, ForcePathStyle: pathStyle };
          expect(own).toBe(`${sdkEndpoint(parameters)}/a`);
        }
      }
    }
  });
});

type EndpointParameters = Parameters<S3Client["config"]["endpointProvider"]>[0];

/** Without a slash at its end. */
function sdkEndpoint(parameters: EndpointParameters): string {
  const client = new S3Client({ region: "us-east-1" });
  const none = { UseFIPS: false, UseDualStack: false, Accelerate: false, UseGlobalEndpoint: false };
  const { url } = client.config.endpointProvider({ ...none, ...parameters });
  return url.href.replace(/\/$/, "");
}
