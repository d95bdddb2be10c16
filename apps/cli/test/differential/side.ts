import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { CommandResult, Sandbox } from "../support/sandbox.ts";
import type { RemoteRefs } from "./remote-refs.ts";
import type { Step } from "./step.ts";

/** One of the two worlds that are compared: repositories in a folder, and the remote that they talk to. */
export class Side {
  readonly sandbox: Sandbox;
  /** Below the sandbox's folder. */
  readonly folder: string;
  readonly remoteUrl: string;
  readonly remoteRefs: RemoteRefs;

  constructor(sandbox: Sandbox, folder: string, remoteUrl: string, remoteRefs: RemoteRefs) {
    this.sandbox = sandbox;
    this.folder = folder;
    this.remoteUrl = remoteUrl;
    this.remoteRefs = remoteRefs;
  }

  get path(): string {
    return join(this.sandbox.path, this.folder);
  }

  async run({ args, folder, input }: Step): Promise<CommandResult> {
    const filled = args.map((word) => this.#fill(word));
    const fed = typeof input === "string" ? this.#fill(input) : input;
    return this.sandbox.tryGit(filled, { folder: join(this.folder, folder ?? ""), input: fed });
  }

  /** The lines that git prints, or nothing when it fails. Not counted as a step. */
  async lines(folder: string, ...args: string[]): Promise<string[]> {
    const { status, stdout } = await this.sandbox.tryGit(args, { folder: join(this.folder, folder) });
    return status === 0 ? this.normal(stdout).split("\n").filter(Boolean) : [];
  }

  /** Text of git without what differs between the sides by their nature: URLs and folders. */
  normal(text: Uint8Array): string {
    return Buffer.from(text).toString("latin1").replaceAll(this.remoteUrl, "{remote}").replaceAll(this.path, "{side}");
  }

  /** A file of a repository's git dir, `undefined` when there is none. */
  async gitFile(folder: string, name: string): Promise<string | undefined> {
    const path = join(await this.gitDir(folder), name);
    return existsSync(path) ? this.normal(readFileSync(path)) : undefined;
  }

  /** Drops lines of a file of the git dir, if it is there. */
  async editGitFile(folder: string, name: string, keep: (line: string) => boolean): Promise<void> {
    const path = join(await this.gitDir(folder), name);
    if (!existsSync(path)) return;
    const lines = readFileSync(path, "latin1").split(/(?<=\n)/);
    writeFileSync(path, lines.filter(keep).join(""), "latin1");
  }

  /** Absolute. */
  async gitDir(folder: string): Promise<string> {
    const repository = join(this.path, folder);
    if (existsSync(join(repository, "objects"))) return repository;
    const file = join(repository, ".git");
    if (statSync(file).isDirectory()) return file;
    const named = readFileSync(file, "utf8")
      .replace(/^gitdir: /, "")
      .trim();
    return isAbsolute(named) ? named : join(repository, named);
  }

  /** All paths below a folder of the git dir. */
  async gitNames(folder: string, name: string): Promise<string[]> {
    const path = join(await this.gitDir(folder), name);
    return existsSync(path) ? readdirSync(path, { recursive: true, encoding: "utf8" }) : [];
  }

  #fill(text: string): string {
    return text.replaceAll("{remote}", this.remoteUrl).replaceAll("{side}", this.path);
  }
}
