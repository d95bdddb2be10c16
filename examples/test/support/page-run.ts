import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { blocksOf, readPage, substitute } from "./page.ts";
import type { PackageName } from "./tarballs.ts";
import { Workshop } from "./workshop.ts";

/** How to run a block of code of a page. */
export interface BlockRun {
  readonly page: string;
  /** Which of the page's blocks of `sh` and `ts`, from 0. */
  readonly block: number;
  /** What the page says, and what is put in its place: a test server's address for a host's name. Each must be there. */
  readonly changes?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** For `sh`: where, below the reader's folder. */
  readonly folder?: string;
  /** For `ts`: what the page has explained elsewhere, and what looks at the result. */
  readonly before?: string;
  readonly behind?: string;
}

/** The blocks of a page that somebody types, or writes into a program. */
export function runnableBlocks(page: string) {
  return blocksOf(readPage(page)).filter(({ language }) => language === "sh" || language === "ts");
}

/** A reader of the pages: has a repository `my-app` with a commit, folders, and `trunks` as packed, installed globally. */
export class Reader extends Workshop {
  readonly #tarballs = inject("tarballs");

  async begin(): Promise<void> {
    for (const folder of ["srv/code", "mnt/share", "global"]) mkdirSync(join(this.path, folder), { recursive: true });
    await this.succeed("git", ["init", "-q", "my-app"]);
    await this.succeed("git", ["commit", "-q", "--allow-empty", "-m", "one"], { folder: "my-app" });
    await this.shell(`npm install --global ${this.#packed(["@trunks/cli"])}`);
  }

  /** Runs a shell script with the globally installed programs on its path; answers what it said. */
  async shell(script: string, folder = "", environment: Readonly<Record<string, string>> = {}): Promise<string> {
    const programs = join(this.path, "global", "bin");
    const settings = { npm_config_prefix: join(this.path, "global"), ...environment };
    const text = `export PATH="${programs}:$PATH"\n${script}`;
    return this.succeed("sh", ["-ec", text], { folder, environment: settings });
  }

  /** Runs a block; answers what it said. */
  async follow({
    page,
    block,
    changes = {},
    environment,
    folder,
    before = "",
    behind = "",
  }: BlockRun): Promise<string> {
    const found = runnableBlocks(page)[block];
    if (found === undefined) throw new Error(`${page} has no block ${block}`);
    const text = substitute(found.text, changes);
    if (found.language === "sh") return this.shell(text, folder, environment);
    this.write("snippet.ts", `${before}\n${text}\n${behind}\n`);
    return this.succeed(process.execPath, ["snippet.ts"], { ...(environment && { environment }) });
  }

  /** Installs packages for the blocks of `ts`. */
  async need(...names: PackageName[]): Promise<void> {
    await this.install("", this.#packed(names).split(" "));
  }

  /** For `changes`: the packed packages in the place of their names. */
  packed(...names: PackageName[]): Record<string, string> {
    return { [names.join(" ")]: this.#packed(names) };
  }

  /** Core is on no registry when they ask for it, so it is named with them. */
  #packed(names: readonly PackageName[]): string {
    return [...new Set([...names, "@trunks/core" as const])].map((name) => this.#tarballs[name]).join(" ");
  }
}
