import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listMounts } from "../src/index.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";

let sandbox: MountSandbox;

beforeEach(() => {
  sandbox = new MountSandbox();
});
afterEach(() => {
  vi.unstubAllEnvs();
  sandbox.remove();
});

const program = join(import.meta.dirname, "support", "mount-program.ts");

/** Mounts in a process of its own. Answers how it ended: the exit status, or the signal. */
async function mountAside(folder: string): Promise<number | string> {
  const args = [program, sandbox.store, join(sandbox.path, folder)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code, signal] = await once(child, "close");
  return code ?? signal;
}

/** Git that kills whoever starts it for the n-th time, before it does anything. Answers how often it was started. */
function murderousGit(at: number): () => number {
  const count = join(sandbox.path, "count");
  writeFileSync(count, "");
  const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
  sandbox.installProgram(
    "git",
    `printf x >> ${count}\n[ "$(wc -c < ${count})" -eq ${at} ] && kill -9 $PPID && exit 1\nexec ${real} "$@"`,
  );
  return () => readFileSync(count).length;
}

test.each([
  ["a new folder", () => {}],
  [
    "a repository with files and no commit",
    async () => {
      await sandbox.git(["init", "-q", "work"]);
      sandbox.write("work/README.md", "mine\n");
    },
  ],
])("killed between any two steps, a mount of %s is completed by the same command", async (_, prepare) => {
  await sandbox.makeTrunk();
  await prepare();
  const expected = sandbox.exists("work") ? "M README.md" : "";
  for (let at = 1, killed = true; killed; at++) {
    const starts = murderousGit(at);
    const ended = await mountAside("work");
    killed = ended === "SIGKILL";
    if (!killed) expect([ended, starts() < at]).toEqual([0, true]);
    rmSync(join(sandbox.path, "bin", "git"));
    await sandbox.mount("work");
    expect(await sandbox.git(["-C", "work", "status", "--porcelain", "-b"]), `killed at ${at}`).toBe(
      ["## main...origin/main", expected && ` ${expected}`].filter(Boolean).join("\n"),
    );
    expect(sandbox.read("work/src/deep/er/file")).toBe("deep\n");
    expect((await listMounts()).filter(({ state }) => state === "ready")).toHaveLength(1);
    rmSync(join(sandbox.path, "work"), { recursive: true });
    await prepare();
  }
});

test("killed while files are put into place, a mount puts the others there, and none that was removed later", async () => {
  await sandbox.makeTrunk();
  await sandbox.mount("work");
  const record = join(sandbox.path, "work", ".git", "trunks", "mount");
  writeFileSync(record, readFileSync(record, "utf8").replace('"ready"', '"placing"'));
  for (const path of ["README.md", "src"]) rmSync(join(sandbox.path, "work", path), { recursive: true });
  rmSync(join(sandbox.path, "work", ".git", "index"));
  sandbox.write("work/.trunks/placing/README.md", "re");
  expect(await listMounts()).toMatchObject([{ state: "incomplete" }]);
  await sandbox.mount("work");
  expect(await sandbox.git(["-C", "work", "status", "--porcelain"])).toBe("");
  rmSync(join(sandbox.path, "work", "README.md"));
  await sandbox.mount("work");
  expect(sandbox.exists("work/README.md")).toBe(false);
});
