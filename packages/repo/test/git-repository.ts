import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectFormat } from "../src/pack/object-format.ts";

/** A bare repository of stock git in a folder of its own, where nothing depends on the user, the day or the machine. */
export class GitRepository {
  readonly folder: string;
  #minutes = 0;

  constructor(objects: ObjectFormat) {
    this.folder = mkdtempSync(join(tmpdir(), "trunks-git-"));
    this.run(["init", "-q", "--bare", `--object-format=${objects}`, "--initial-branch=main", "."]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  run(args: readonly string[], input: Uint8Array | string = ""): Buffer {
    const date = `${1_700_000_000 + 60 * this.#minutes++} +0000`;
    const env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "A Writer",
      GIT_AUTHOR_EMAIL: "writer@example.org",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: "A Writer",
      GIT_COMMITTER_EMAIL: "writer@example.org",
      GIT_COMMITTER_DATE: date,
    };
    const config = ["-c", "pack.threads=1", "-c", "pack.writeReverseIndex=false"];
    return execFileSync("git", [...config, ...args], {
      cwd: this.folder,
      env,
      input,
      maxBuffer: 2 ** 28,
      stdio: "pipe",
    });
  }

  text(args: readonly string[], input: Uint8Array | string = ""): string {
    return this.run(args, input).toString().trim();
  }

  /** A commit of these files on top of `parents`; answers its id. */
  commit(files: Readonly<Record<string, string | Uint8Array>>, parents: readonly string[] = []): string {
    const lines = Object.entries(files).map(([path, content]) => {
      return `100644 blob ${this.text(["hash-object", "-w", "--stdin"], content)}\t${path}\n`;
    });
    const tree = this.text(["mktree"], lines.join(""));
    return this.text(["commit-tree", tree, ...parents.flatMap((id) => ["-p", id]), "-m", `With ${Object.keys(files)}`]);
  }

  /** A pack of what `wanted` reach and `assumed` do not. */
  pack(wanted: readonly string[], assumed: readonly string[], options: readonly string[] = []): Buffer {
    const input = [...wanted, ...assumed.map((id) => `^${id}`)].map((line) => `${line}\n`).join("");
    return this.run(["pack-objects", "--revs", "--stdout", "-q", ...options], input);
  }

  /** The index of a pack that is complete in itself. */
  index(pack: Uint8Array): Buffer {
    const id = this.text(["index-pack", "--stdin"], pack).split("\t").at(-1) as string;
    return readFileSync(join(this.folder, "objects", "pack", `pack-${id}.idx`));
  }
}

/** How many objects a pack says that it has. */
export function objectCountOf(pack: Uint8Array): number {
  return new DataView(pack.buffer, pack.byteOffset).getUint32(8);
}
