import { afterAll, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";

const sandbox = new Sandbox();
afterAll(() => sandbox.remove());

test("a push of one commit uploads less than 2 KiB beyond its thin pack", async () => {
  await sandbox.git(["init", "-q", "writer"]);
  for (const message of ["one", "two"]) {
    sandbox.tick();
    await sandbox.git(["commit", "-q", "--allow-empty", "-m", message], { folder: "writer" });
    await sandbox.git(["push", "-q", sandbox.trunkUrl(), "main"], { folder: "writer" });
  }
  const record = sandbox.read("store/trunks/app.trunk/journal/999999999999998");
  const pack = Number(/^inline ([0-9]+) /m.exec(record)?.[1]);
  expect(record.length - pack).toBeLessThan(2048);
});
