import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../measure.ts";
import type { Workspace } from "../workspace.ts";
import type { Peer } from "./peer.ts";
import { runWell } from "./running.ts";

const fileCount = 100;
const commitCount = 30;

/** A small repository, to be copied. */
export function smallRepository(workspace: Workspace): string {
  const folder = workspace.path("small");
  const parts: string[] = [];
  for (let number = 1; number <= commitCount; number++) {
    const changed = number === 1 ? Array.from({ length: fileCount }, (_, file) => file) : [(number * 79) % fileCount];
    const time = `${1_600_000_000 + 3600 * number} +0000`;
    parts.push(`commit refs/heads/main\ncommitter Bench <bench@example.org> ${time}\ndata 7\ncommit\n\n`);
    for (const file of changed) {
      const text = Array.from(
        { length: 80 },
        (_, line) =>
          `${((file * 81 + line) * 7919 * (line % 9 === number % 9 ? number : 1)).toString(36)} is line ${line}\n`,
      ).join("");
      parts.push(`M 100644 inline src/${file % 10}/${file}.txt\ndata ${text.length}\n${text}\n`);
    }
  }
  workspace.runGit(workspace.folder, "init", "-q", "-b", "main", folder);
  const options = { cwd: folder, env: workspace.environment, input: parts.join("") };
  const { status, stderr } = spawnSync("git", ["fast-import", "--quiet"], options);
  if (status !== 0) throw new Error(`git fast-import failed: ${stderr}`);
  workspace.runGit(folder, "reset", "-q", "--hard");
  workspace.runGit(folder, "config", "gc.auto", "0");
  return folder;
}

/** A peer with a repository in its store, a folder that pushes there, and one that reads. */
export class PeerFolders {
  readonly peer: Peer;
  readonly url: string;
  readonly writer: string;
  readonly reader: string;
  readonly #workspace: Workspace;
  #commits = 0;

  private constructor(workspace: Workspace, peer: Peer, name: string) {
    this.#workspace = workspace;
    this.peer = peer;
    this.url = peer.url(name);
    const folder = workspace.path(`${name} ${peer.name}`.replace(/\W+/g, "-"));
    this.writer = join(folder, "writer");
    this.reader = join(folder, "reader");
  }

  /** Pushes a copy of `source` to a new repository of this name, and clones it. */
  static async make(workspace: Workspace, peer: Peer, name: string, source: string): Promise<PeerFolders> {
    const made = new PeerFolders(workspace, peer, name);
    peer.create?.(name);
    cpSync(source, made.writer, { recursive: true });
    workspace.runGit(made.writer, "remote", "add", "origin", made.url);
    await runWell(made.git(made.writer, "push", "-q", "origin", "main"));
    await runWell(made.clone(made.reader));
    return made;
  }

  /** Git with the peer's helper at hand. */
  git(cwd: string, ...args: string[]): Command {
    return { program: "git", args, cwd, environment: this.peer.environment };
  }

  clone(target: string): Command {
    return this.git(this.#workspace.folder, "clone", "-q", this.url, target);
  }

  /** One more commit in a folder that pushes: a line in a file. */
  commit(folder = this.writer): void {
    const file = join(folder, "src", "1", "1.txt");
    writeFileSync(file, `${readFileSync(file, "utf8")}commit ${++this.#commits} in ${folder}\n`);
    this.#workspace.runGit(folder, "commit", "-q", "-a", "-m", "one more");
  }

  /** Branches `PREFIX-0`, `PREFIX-1`, … of one commit each. */
  branch(prefix: string, count: number): void {
    const lines = Array.from({ length: count }, (_, index) => {
      const message = `${prefix} ${index}`;
      const id = this.#workspace.runGit(this.writer, "commit-tree", "-p", "main", "-m", message, "main^{tree}").trim();
      return `create refs/heads/${prefix}-${index} ${id}\n`;
    });
    const options = { cwd: this.writer, env: this.peer.environment, input: lines.join("") };
    const { status } = spawnSync("git", ["update-ref", "--stdin"], options);
    if (status !== 0) throw new Error("git update-ref failed");
  }

  /** Copies of the folder that pushes, each on a branch of its own with a commit there. */
  writers(name: string, count: number): Command[] {
    return Array.from({ length: count }, (_, index) => {
      const folder = `${this.writer}-${name}-${index}`;
      mkdirSync(folder);
      cpSync(this.writer, folder, { recursive: true });
      this.#workspace.runGit(folder, "checkout", "-q", "-b", `${name}-${index}`);
      this.commit(folder);
      return this.git(folder, "push", "-q", "origin", `${name}-${index}`);
    });
  }

  /** Removes what `writers` made. */
  removeWriters(commands: readonly Command[]): void {
    for (const { cwd } of commands) rmSync(cwd, { recursive: true });
  }
}
