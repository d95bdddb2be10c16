// Looks at the command lines of all processes of this machine, over and over, until standard input ends. Reads from it, a
// line each, first a text that marks the processes of the test, then secrets. Prints how many marked command lines it saw,
// and those of any process that have a secret in them.
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
  for (const pid of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(pid)) continue;
    try {
      seen.add(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
    } catch {
      // It has ended meanwhile.
    }
  }
  await setImmediate();
}
const [mark, ...secrets] = given;
const marked = [...seen].filter((line) => line.includes(mark));
const exposed = [...seen].filter((line) => secrets.some((secret) => line.includes(secret)));
process.stdout.write(`${JSON.stringify({ marked: marked.length, exposed })}\n`);
