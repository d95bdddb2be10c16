// Looks at the command lines of a test's processes, over and over, until standard input ends. Reads from it, a line each, first
// a text that only the environment of the test's processes has (other tests may type secrets at the same time), then secrets.
// Prints how many command lines it saw, and those that have a secret in them.
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";

const lines = createInterface({ input: process.stdin });
let ended = false;
const given = [];
lines
  .on("line", (line) => given.push(line))
  .on("close", () => {
    ended = true;
  });
const seen = new Set();
process.stdout.write("ready\n");
while (!ended) {
  const [mark] = given;
  for (const pid of mark === undefined ? [] : readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(pid)) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) continue;
      seen.add(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
    } catch {
      // It has ended meanwhile.
    }
  }
  await setImmediate();
}
const secrets = given.slice(1);
const exposed = [...seen].filter((line) => secrets.some((secret) => line.includes(secret)));
process.stdout.write(`${JSON.stringify({ seen: seen.size, exposed })}\n`);
