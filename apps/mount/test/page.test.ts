import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MountSandbox } from "./support/mount-sandbox.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const page = readFileSync(join(root, "docs", "mounts.md"), "utf8");
const blocks = [...page.matchAll(/^```(sh|ts)\n(.*?)^```$/gms)].map(([, language, text = ""]) => ({ language, text }));
let sandbox: MountSandbox;

beforeAll(() => {
  sandbox = new MountSandbox();
  sandbox.installProgram("trunks", `exec "${process.execPath}" "${root}/apps/cli/src/trunks.ts" "$@"`);
  const modules = join(sandbox.path, "node_modules", "@trunks");
  mkdirSync(modules, { recursive: true });
  for (const [name, folder] of Object.entries({ sdk: "packages/sdk", mount: "apps/mount" })) {
    symlinkSync(join(root, folder), join(modules, name));
  }
  // Where the SDK's real folder is, nothing is installed beside it.
  vi.stubEnv("TRUNKS_BACKEND_PATH", join(sandbox.path, "node_modules"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  sandbox.remove();
});

/** What a reader's shell or program prints. Packages are installed already, and the bucket is a folder. */
function run(text: string, language: string | undefined): string {
  const here = text.replace(/^npm install .*$/gm, "").replaceAll("s3://company-code", sandbox.store);
  const options = { cwd: sandbox.path, encoding: "utf8", stdio: "pipe" } as const;
  if (language === "sh") return execFileSync("sh", ["-e", "-c", here], options);
  return execFileSync(process.execPath, ["--input-type=module-typescript", "-"], { ...options, input: here });
}

test("what docs/mounts.md tells its readers to type does what it says, in its order", async () => {
  for (const { language, text } of blocks) {
    const told = run(text, language);
    if (text.includes("recover --to")) expect(told).toMatch(/\nFix auth, and logout\n.*a mount no more/);
    const promised = [...text.matchAll(/\/\/ → (.*)$/gm)].map((found) => found[1]);
    if (language === "ts") expect(told.split("\n").filter(Boolean)).toEqual(promised);
  }
  expect(await sandbox.git(["ls-remote", `trunks::${sandbox.url("my-app")}`])).toContain("refs/heads/main");
});
