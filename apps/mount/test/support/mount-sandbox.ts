import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mount, MountOptions } from "@trunks/sdk";
import { vi } from "vitest";
import { GitSandbox } from "../../../../packages/sdk/test/support/git-sandbox.ts";
import { mount } from "../../src/index.ts";

/** A sandbox in whose environment mounts are made: with its own home, and with the helper on PATH. */
export class MountSandbox extends GitSandbox {
  /** The URL of the store of all trunks here. */
  readonly store = `local://${this.path}/store`;

  constructor() {
    super();
    for (const [name, value] of Object.entries(this.environment)) vi.stubEnv(name, value);
    // Compiled sources are found again; without them each start takes three times as long.
    vi.stubEnv("NODE_COMPILE_CACHE", join(import.meta.dirname, "..", "..", "node_modules", ".cache", "compiled"));
    for (const name of ["DATA", "CACHE", "CONFIG", "STATE"]) vi.stubEnv(`XDG_${name}_HOME`, undefined);
  }

  /** Mounts the trunk `app` of the store in a folder of the sandbox. */
  mount(folder: string, options: Partial<MountOptions> = {}): Promise<Mount> {
    return mount({ repo: "app", backend: this.store, path: join(this.path, folder), ...options });
  }

  /** A trunk `app` with files of every kind, made by stock git. Answers its commit. */
  async makeTrunk(name = "app"): Promise<string> {
    await this.git(["init", "-q", "origin"]);
    this.write("origin/README.md", "read me\n");
    this.write("origin/src/main.c", "int main(void) { return 0; }\n");
    this.write("origin/src/deep/er/file", "deep\n");
    this.write("origin/bin/run", "#!/bin/sh\n", 0o755);
    writeFileSync(Buffer.concat([Buffer.from(`${this.path}/origin/`), Buffer.from([0x66, 0xff, 0xfe])]), "bytes\n");
    await this.git(["-C", "origin", "add", "-A"]);
    const blob = await this.git(["-C", "origin", "hash-object", "-w", "--stdin"], { input: "src/main.c" });
    await this.git(["-C", "origin", "update-index", "--add", "--cacheinfo", `120000,${blob},link`]);
    await this.git(["-C", "origin", "commit", "-q", "-m", "first"]);
    await this.git(["-C", "origin", "push", "-q", `trunks::${this.url(name)}`, "main"]);
    return this.git(["-C", "origin", "rev-parse", "HEAD"]);
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), "utf8");
  }

  exists(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  /** Puts a shell script on the path, before everything else. */
  installProgram(name: string, script: string): void {
    const path = join(this.path, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** All below a folder but git's own: what each name holds. Equal texts are equal folders. */
  contents(folder: string, except: readonly string[] = [".git", ".trunks"]): string[] {
    const found: string[] = [];
    const walk = (parent: string, shown: string) => {
      for (const name of readdirSync(parent, { encoding: "latin1" }).sort()) {
        if (except.includes(name)) continue;
        const path = join(parent, name);
        const bytes = Buffer.from(path, "latin1");
        const stat = lstatSync(bytes);
        if (stat.isDirectory()) walk(path, `${shown}${name}/`);
        else {
          const content = stat.isSymbolicLink() ? readlinkSync(bytes) : readFileSync(bytes, "latin1");
          found.push(`${shown}${name} ${(stat.mode & 0o111).toString(8)} ${content}`);
        }
      }
    };
    walk(join(this.path, folder), "");
    return found;
  }
}
