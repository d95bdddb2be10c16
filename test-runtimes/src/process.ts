import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundle, type Target } from "./bundle.ts";
import type { CaseOutcome } from "./suite.ts";

/** Runs a suite in a process of a runtime; answers what it reported. Throws when the process fails beside its cases. */
export async function runInProcess(
  target: Exclude<Target, "workerd">,
  program: string,
  entry: string,
  data: unknown,
): Promise<CaseOutcome[]> {
  const folder = await mkdtemp(join(tmpdir(), "trunks-runtime-"));
  try {
    const file = join(folder, "suite.mjs");
    await writeFile(file, (await bundle(target, { contents: contentsFor(entry), folder })).text);
    return await reported(program, target === "deno" ? [...denoFlags, file] : [file], folder, data);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const denoFlags = ["run", "--allow-all", "--no-lock", "--no-config", "--quiet"];

function contentsFor(entry: string): string {
  return `
    import { run } from ${JSON.stringify(entry)};
    const report = (outcome) => process.stdout.write(JSON.stringify(outcome) + "\\n");
    let given = "";
    for await (const text of process.stdin.setEncoding("utf8")) given += text;
    await run({ data: JSON.parse(given) }, report);
  `;
}

async function reported(program: string, args: string[], folder: string, data: unknown): Promise<CaseOutcome[]> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, DENO_DIR: folder, DO_NOT_TRACK: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A process that did not come so far says why by its status.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(data));
  const outcomes: CaseOutcome[] = [];
  createInterface(child.stdout).on("line", (line) => outcomes.push(JSON.parse(line) as CaseOutcome));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${program}: status ${status}\n${errors}`);
  return outcomes;
}
