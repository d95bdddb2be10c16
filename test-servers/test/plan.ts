import type { ServerPlan } from "../src/index.ts";

/** A server that answers with its process id and says what it has to say on standard error. */
const program = `
console.error("listening soon");
require("node:http").createServer((request, response) => response.end(String(process.pid)))
  .listen(Number(process.argv[1]), "127.0.0.1");`;

export function planOf(script = program): ServerPlan {
  return {
    name: "plain",
    portCount: 1,
    command: ([port]) => ({ program: process.execPath, arguments: ["-e", script, String(port)] }),
    probe: async ([port]) => fetch(`http://127.0.0.1:${port}`),
    readyTimeoutMs: 10_000,
  };
}
