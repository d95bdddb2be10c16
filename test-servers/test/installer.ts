import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type InstallableServer, installedProgram } from "../src/index.ts";

const [, , cache = "", log = ""] = process.argv;

/** Slow enough that two processes started together are at it at the same time. */
const server: InstallableServer = {
  name: "slow",
  version: "1",
  program: "program",
  needs: ["node"],
  async install(folder) {
    await appendFile(log, "installed\n");
    await sleep(500);
    await writeFile(join(folder, "program"), "ready");
  },
};
process.stdout.write(await installedProgram(server, cache));
