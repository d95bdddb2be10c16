import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { copyIndex, unwritable, writeIndex } from "@trunks/location";
import { type BytePath, parentOf } from "../byte-path.ts";
import { Git } from "../git.ts";
import { journalRef, journalRefs, outdated } from "./journal-ref.ts";

/** A state of the folder that is safe. */
export interface SafeState {
  readonly id: string;
  readonly ref: string;
}

/** Objects and refs are on the disk when git says so, no hook of the user's runs, and nothing is packed behind our back. */
const settings = [
  "core.fsync=loose-object,pack,pack-metadata,reference",
  "core.fsyncMethod=batch",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.addEmbeddedRepo=false",
  "core.safecrlf=false",
  // A change writes what has changed, not all names again.
  "core.splitIndex=true",
  "splitIndex.maxPercentChange=5",
  "splitIndex.sharedIndexExpire=now",
];

/** In the message of every state; the first of a day has no other before it. */
const marker = "trunks journal";

/**
 * Makes commits of a folder's states, each on the one before, under refs of their own. The user's index, HEAD and branches are
 * read, and never touched: an index of the journal's own holds what the folder was last.
 */
export class Journal {
  readonly #git: Git;
  readonly #plain: Git;
  readonly #mountId: string;
  readonly #dir: string;
  readonly #index: string;
  /** Tracked by the user in spite of the rules, with the folders above. */
  #wanted: ReadonlySet<BytePath> = new Set();
  #tree: string | undefined;
  #head: string | undefined;
  #last: SafeState | undefined;

  /** `git` is at work in the mount's folder. */
  constructor(git: Git, mountId: string) {
    this.#dir = join(git.folder, ".git", "trunks", "watch", "git");
    this.#index = join(this.#dir, "index");
    // As another worktree has it: objects and refs are the folder's, the index is not.
    const place = { GIT_DIR: this.#dir, GIT_WORK_TREE: git.folder };
    const environment = { ...git.environment, ...identity, ...place, GIT_LITERAL_PATHSPECS: "1" };
    this.#git = new Git(git.folder, environment, settings);
    this.#plain = git;
    this.#mountId = mountId;
  }

  /** The last state that is safe; `undefined` before the first. */
  get last(): SafeState | undefined {
    return this.#last;
  }

  /** The tree of all files in it. */
  get tree(): string | undefined {
    return this.#tree;
  }

  /** Takes up what an earlier process has left, and forgets what is too old. */
  async begin(now: Date): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 }).catch((error) => {
      throw unwritable(this.#dir, error);
    });
    for (const [name, text] of Object.entries({ HEAD: "ref: refs/trunks/journal/none", commondir: "../../.." })) {
      await writeFile(join(this.#dir, name), `${text}\n`).catch((error) => {
        throw unwritable(this.#dir, error);
      });
    }
    const refs = await this.#keptRefs(now);
    const newest = refs.at(-1);
    if (newest === undefined) return;
    const [id, tree, , head] = (await this.#git.text(["log", "-1", "--format=%H %T %P", newest])).split(" ");
    this.#last = { id: id as string, ref: newest };
    [this.#tree, this.#head] = [tree, head];
  }

  /** Whether the user tracks a file that the rules ignore, or one below this folder. */
  isWanted(path: BytePath): boolean {
    return this.#wanted.has(path);
  }

  /** Begins anew from what the user's index knows: it need not be read again. `takeAll` must follow. */
  async restart(): Promise<void> {
    await rm(`${this.#index}.lock`, { force: true }); // No other writes there: the lock is of a process that was killed.
    const own = join(this.#git.folder, ".git", "index");
    const copied = `${this.#index}.new`;
    await rm(copied, { force: true });
    const hasIndex = await copyIndex(own, copied).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw unwritable(copied, error);
      },
    );
    if (hasIndex) await rename(copied, this.#index);
    else await rm(this.#index, { force: true });
    const args = ["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"];
    const wanted = await this.#git.items(args).catch(async () => {
      await rm(this.#index, { force: true }); // One that stands on another, which is not here.
      return [];
    });
    this.#wanted = new Set(wanted.flatMap(withParents));
  }

  /** Looks at everything, as `git add -A` does, by the rules as they are now. Answers what could not be read. */
  async takeAll(): Promise<string[]> {
    const args = ["add", "-A", "--ignore-errors", "--", "."];
    const { status, stderr } = await writeIndex(this.#index, () => this.#git.try(args));
    if (status !== 0) throwSerious(stderr, status);
    return stderr.split("\n").filter((line) => /^(error|fatal|warning): /.test(line));
  }

  /** Looks at these files, which may be gone; no folders. Throws when one cannot be read. */
  async takeSome(paths: readonly BytePath[]): Promise<void> {
    if (paths.length === 0) return;
    await rm(`${this.#index}.lock`, { force: true });
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
    const args = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
    await writeIndex(this.#index, () => this.#git.bytes(args, { input }));
  }

  /** The tree of all that was taken, safe on the disk, and in no state yet. */
  writeTree(): Promise<string> {
    return this.#git.text(["write-tree"]);
  }

  /** Makes what was taken safe. Answers the state; the last one when nothing has changed. */
  async commit(now: Date): Promise<SafeState | undefined> {
    const [tree, head, branch] = await Promise.all([this.writeTree(), this.#headId(), this.#branch()]);
    const ref = journalRef(this.#mountId, now);
    if (tree === this.#tree && head === this.#head) return this.#last;
    const before = this.#last?.ref === ref ? this.#last.id : await this.#beginning();
    const parents = [before, ...(head === undefined ? [] : [head])].flatMap((id) => ["-p", id]);
    const message = `${marker}\n\nBranch: ${branch ?? "none"}\n`;
    const id = await this.#git.text(["commit-tree", tree, ...parents], { input: message });
    await this.#git.bytes(["update-ref", ref, id]);
    if (this.#last !== undefined && this.#last.ref !== ref) await this.#keptRefs(now); // A new day.
    [this.#tree, this.#head, this.#last] = [tree, head, { id, ref }];
    return this.#last;
  }

  /** This mount's refs, without those that were too old and are gone now. */
  async #keptRefs(now: Date): Promise<string[]> {
    const format = "--format=%(refname)";
    const text = await this.#git.text(["for-each-ref", format, journalRefs(this.#mountId)]);
    const refs = text.split("\n").filter(Boolean);
    const old = outdated(refs, now);
    for (const ref of old) await this.#git.bytes(["update-ref", "-d", ref]);
    return refs.filter((ref) => !old.includes(ref));
  }

  /** The commit on which a day's states stand, so that a first parent is always the journal's. */
  async #beginning(): Promise<string> {
    const empty = await this.#git.text(["hash-object", "-t", "tree", "-w", "--stdin"]);
    return this.#git.text(["commit-tree", empty], { input: "trunks journal begins\n" });
  }

  async #headId(): Promise<string | undefined> {
    const { status, stdout } = await this.#plain.try(["rev-parse", "--quiet", "--verify", "HEAD"]);
    return status === 0 ? stdout.toString().trim() : undefined;
  }

  async #branch(): Promise<string | undefined> {
    const { status, stdout } = await this.#plain.try(["symbolic-ref", "--quiet", "--short", "HEAD"]);
    return status === 0 ? stdout.toString().trim() : undefined;
  }
}

function withParents(path: BytePath): BytePath[] {
  const parent = parentOf(path);
  return parent === undefined ? [path] : [path, ...withParents(parent)];
}

const identity = {
  GIT_AUTHOR_NAME: "trunks",
  GIT_AUTHOR_EMAIL: "trunks@localhost",
  GIT_COMMITTER_NAME: "trunks",
  GIT_COMMITTER_EMAIL: "trunks@localhost",
  GIT_AUTHOR_DATE: undefined,
  GIT_COMMITTER_DATE: undefined,
};

/** Files that cannot be read are left out and told; a full disk, or a git that cannot work at all, is another matter. */
function throwSerious(stderr: string, status: number): void {
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    throw new TrunksError("NO_SPACE", "the journal cannot be written: no space is left on the disk", {
      hint: "make room: df -h",
    });
  }
  if (status !== 1) throw new TrunksError("INTERNAL", `git add: ${stderr.trim().split("\n").at(-1)}`);
}

/** Whether a failure may be that of one file, so that looking at everything goes on without it. */
export function isOneFilesFault(error: unknown): boolean {
  return isTrunksError(error, "INTERNAL");
}
