import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { noise } from "../support/noise.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { trunksJson } from "../support/trunks.ts";

const blobSize = 3 * 2 ** 20;

let sandbox: FaultySandbox;
beforeEach(async () => {
  sandbox = new FaultySandbox();
  await makeRepository(sandbox, "work");
  await git("config", "trunks.chunkThreshold", "1m");
  await commit(sandbox, "work", "large", { large: noise(blobSize) });
  await push();
  const changed = readFileSync(join(sandbox.path, "work", "large"));
  changed.set(noise(1_200_000, 7), blobSize / 2);
  await commit(sandbox, "work", "changed", { large: changed });
  await push();
});
afterEach(() => sandbox.remove());

const git = (...args: string[]) => sandbox.git(args, { folder: "work" });
const push = () => git("push", "-q", sandbox.trunkUrl(), "main");

test("a check downloads each container once, and puts every version of a large file together", async () => {
  const keys = sandbox.names("store/trunks/app.trunk/chunks").map((name) => `trunks/app.trunk/chunks/${name}`);
  expect(keys).toHaveLength(4);
  for (const args of [[], ["--full"]]) {
    sandbox.plan();
    const url = sandbox.faultyUrl().replace("trunks::", "");
    const answer = await trunksJson(sandbox, ["check", "--remote", ...args, url]);
    expect(answer).toMatchObject({ ok: true, problems: [] });
    const read = sandbox.requests().filter(({ operation, keys: key }) => operation === "get" && keys.includes(key));
    expect(read.map(({ keys: key }) => key).sort()).toEqual(keys);
  }
});
