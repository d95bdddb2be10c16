import { ServerProcess } from "../src/index.ts";
import { planOf } from "./plan.ts";

/** Starts a server, says where, and waits to be killed. */
const server = await ServerProcess.start(planOf());
process.stdout.write(`${JSON.stringify({ port: server.ports[0], folder: server.folder })}\n`);
setInterval(() => {}, 60_000);
