import { afterAll, beforeAll, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { runProgram } from "./program.ts";

/** `TRUNKS_SEEDS=100-199` runs others, and `TRUNKS_SEED_OPERATIONS` longer ones. */
const [first, last] = (process.env.TRUNKS_SEEDS ?? "1-4").split("-").map(Number) as [number, number | undefined];
const operationCount = Number(process.env.TRUNKS_SEED_OPERATIONS ?? 12);
const seeds = Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.remove());

test.each(seeds)("the operations of seed %i", async (seed) => {
  await runProgram(sandbox, seed, operationCount);
});
