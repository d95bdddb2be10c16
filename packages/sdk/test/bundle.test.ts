import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "@trunks/test-runtimes";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..", "src");

interface Budget {
  readonly what: string;
  readonly contents: string;
  /** In KiB, of the bundle as a Worker is uploaded. */
  readonly minifiedKib: number;
  /** In KiB, by which Workers are limited. */
  readonly gzippedKib: number;
  /** What of the packages beside the SDK must be in it, and no others. */
  readonly backends: readonly string[];
}

const sdk = 'export { Trunk } from "./index.ts";';
const budgets: readonly Budget[] = [
  { what: "the SDK", contents: sdk, minifiedKib: 280, gzippedKib: 96, backends: [] },
  {
    what: "the SDK and R2's binding",
    contents: `${sdk} export { openR2 } from "@trunks/backend-r2";`,
    minifiedKib: 285,
    gzippedKib: 98,
    backends: ["backend-r2"],
  },
  {
    what: "the SDK and S3 by fetch",
    contents: `${sdk} export { openS3 } from "@trunks/backend-s3";`,
    minifiedKib: 325,
    gzippedKib: 114,
    backends: ["backend-s3"],
  },
];

test.each(budgets)("a Worker's bundle of $what keeps its budget", async ({ what, contents, backends, ...budget }) => {
  const { text, inputs } = await bundle("workerd", { contents, folder, minify: true });
  const minifiedKib = Math.ceil(Buffer.byteLength(text) / 1024);
  const gzippedKib = Math.ceil(gzipSync(text).length / 1024);
  process.stdout.write(`${what}: ${minifiedKib} KiB, ${gzippedKib} KiB gzipped\n`);
  const found = new Set(inputs.flatMap((input) => /(backend-[^/]+)\/src\//.exec(input)?.[1] ?? []));
  expect([...found]).toEqual(backends);
  expect(inputs.filter((input) => /node_modules\/.*(@aws-sdk|isomorphic-git)/.test(input))).toEqual([]);
  expect(minifiedKib).toBeLessThanOrEqual(budget.minifiedKib);
  expect(gzippedKib).toBeLessThanOrEqual(budget.gzippedKib);
});
