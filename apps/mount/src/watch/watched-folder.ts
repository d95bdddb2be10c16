import { isTrunksError } from "@trunks/core";
import { type BytePath, parentOf } from "../byte-path.ts";
import type { Git } from "../git.ts";
import { isOneFilesFault, Journal, type SafeState } from "../journal/journal.ts";
import { Alarm } from "./alarm.ts";
import { type CheckpointWish, checkpoint, type WatchedCheckpoint } from "./checkpoint.ts";
import { kindAt, watchBelow } from "./folder-scan.ts";
import { FolderWatcher } from "./folder-watcher.ts";
import { IgnoreRules } from "./ignore-rules.ts";
import { indexReleased } from "./index-lock.ts";
import { type WatchPace, watchPace } from "./watch-interval.ts";

export interface WatchedFolderOptions {
  readonly mountId: string;
  /** Within so long a change is journalled, in milliseconds. */
  readonly intervalMs: number;
  /** Told each state as it becomes safe. */
  readonly saved: (state: SafeState) => void;
  readonly log: (line: string) => void;
}

/** From so many paths on, looking at everything is quicker than asking for each. */
const manyPaths = 2000;

const unwatchedReason = "some folders cannot be watched";

/** A folder whose every change is journalled soon: see docs/mounts.md for the bound, and for what does not count as a change. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #git: Git;
  readonly #journal: Journal;
  readonly #watcher: FolderWatcher;
  readonly #rules: IgnoreRules;
  readonly #options: WatchedFolderOptions;
  readonly #pace: WatchPace;
  /** Empty while everything must be looked at. */
  #changed = new Set<BytePath>();
  /** Why everything must be looked at; `undefined` when the changed paths are all. */
  #all: string | undefined;
  #headMoved = false;
  /** What the user's index was when all in it was as in HEAD; see `checkpoint`. */
  #stagedAt: string | undefined;
  readonly #nextRound = new Alarm(() => this.#beginRound());
  readonly #nextLook = new Alarm(() => this.#lookAtAll(unwatchedReason));
  /** Resolves, and never rejects, when the last round has ended. */
  #round: Promise<unknown> = Promise.resolve();
  #lastRoundMs = 0;
  #lastLookMs = 0;
  /** What keeps changes from being journalled, if something does. */
  trouble: string | undefined;
  /** Folders that the system does not tell of: they are looked at again and again. */
  unwatched = 0;

  constructor(git: Git, options: WatchedFolderOptions) {
    this.#folder = git.folder;
    this.#git = git;
    this.#options = options;
    this.#pace = watchPace(options.intervalMs);
    this.#journal = new Journal(git, options.mountId);
    this.#rules = new IgnoreRules(git);
    this.#watcher = new FolderWatcher(git.folder, {
      changed: (path) => this.#take(path),
      lost: (reason) => this.#lookAtAll(reason),
    });
  }

  get last(): SafeState | undefined {
    return this.#journal.last;
  }

  get folderCount(): number {
    return this.#watcher.size;
  }

  /** Watches, and journals what the folder is now. */
  async begin(): Promise<void> {
    await this.#journal.begin(new Date());
    this.#lookAtAll("the beginning");
    await this.flush();
  }

  /** Journals everything that had changed when this was called. Throws what keeps it from being safe. */
  async flush(): Promise<SafeState | undefined> {
    await this.#seen();
    this.#nextRound.clear();
    if (this.unwatched > 0) this.#all ??= unwatchedReason;
    await this.#alone(() => this.#journalChanges());
    return this.#journal.last;
  }

  /** See `checkpoint`. */
  async checkpoint(wish: CheckpointWish): Promise<WatchedCheckpoint | undefined> {
    await this.#seen();
    await this.#round;
    if (this.trouble !== undefined || this.unwatched > 0) return undefined;
    if ((await this.#pending()) === undefined) await this.flush();
    const [pending, take] = [() => this.#pending(), () => this.#takeNow()];
    const made = await this.#alone(() =>
      checkpoint(this.#git, this.#stagedAt, wish, { tree: this.#journal.tree, pending, take }),
    );
    this.#stagedAt = made?.stagedAt;
    // The state itself comes behind it, with the new commit.
    this.#headMoved = true;
    this.#schedule(this.#pace.settleMs);
    return made && { id: made.id, created: made.created };
  }

  async end(): Promise<void> {
    this.#watcher.close();
    this.#nextLook.clear();
    this.#nextRound.clear();
    await this.#round;
    this.#rules.restart();
  }

  /** Waits a whole turn of the loop: what the system has queued by now is read in it. */
  async #seen(): Promise<void> {
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }

  /** Brings the tree up to what has changed, without a state. `undefined` when what changed cannot be told file by file. */
  async #takeNow(): Promise<{ readonly tree: string; readonly files: readonly BytePath[] } | undefined> {
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      const taken = this.#all === undefined ? await this.#takeSome(changed) : "folders";
      if (taken !== "folders") return { tree: await this.#journal.writeTree(), files: [...changed] };
    } catch {
      // The next round finds it again, and tells it.
    }
    this.#lookAtAll("folders have come or gone");
    return undefined;
  }

  /** The files that have changed since the last round; `undefined` when they are not all. */
  async #pending(): Promise<BytePath[] | undefined> {
    if (this.#all !== undefined) return undefined;
    const files: BytePath[] = [];
    for (const path of this.#changed) {
      const { kind } = kindAt(this.#folder, path);
      if (kind === "folder" || this.#watcher.has(path) || path.endsWith("/.git")) return undefined;
      if (kind !== "other" && this.#isInWatched(path)) files.push(path);
    }
    return this.#notIgnored(files);
  }

  #take(path: BytePath): void {
    if (path.startsWith(".git/")) {
      // Git's own work: what it does to HEAD, and to the rules, is told by these alone.
      if (path === ".git/info/exclude") this.#lookAtAll("the rules of what is ignored have changed");
      else if (path === ".git/logs") this.#watcher.add(path);
      else if (path !== ".git/HEAD" && path !== ".git/logs/HEAD") return;
      this.#headMoved = true;
      this.#schedule(this.#pace.settleMs);
      return;
    }
    if (path === ".git" || path === ".trunks" || path.startsWith(".trunks/")) return;
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name === ".gitignore" || name === ".gitattributes") {
      this.#lookAtAll("the rules of what is ignored have changed");
    }
    if (this.#all === undefined) this.#changed.add(path);
    if (this.#changed.size > manyPaths) this.#lookAtAll("many changes");
    this.#schedule(this.#pace.settleMs);
  }

  #lookAtAll(reason: string): void {
    this.#all ??= reason;
    this.#changed.clear();
    this.#schedule(this.#pace.settleMs);
  }

  /** A folder so large that a round takes long is not looked at all the time. */
  #schedule(delayMs: number): void {
    this.#nextRound.set(Math.max(delayMs, this.#lastRoundMs));
  }

  #beginRound(): void {
    this.#alone(() => this.#settled()).catch(() => {}); // Told by `trouble`.
  }

  /** Works when all rounds before have ended; those behind wait. No two may take from what has changed at once. */
  #alone<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const done = this.#round.then(work);
    this.#round = done.catch(() => {});
    return done;
  }

  /** Waits for git to be done with what it does, within reason. */
  async #settled(): Promise<void> {
    await indexReleased(this.#folder, this.#pace.patienceMs);
    await this.#journalChanges();
  }

  async #journalChanges(): Promise<void> {
    const started = performance.now();
    const [changed, all, headMoved] = [this.#changed, this.#all, this.#headMoved];
    [this.#changed, this.#all, this.#headMoved] = [new Set(), undefined, false];
    try {
      const found = all === undefined ? await this.#takeSome(changed) : "folders";
      if (found === "folders") await this.#takeAll(all ?? "folders have come or gone");
      this.#lookAgain();
      if (found !== "nothing" || headMoved) await this.#commit();
      this.#setTrouble(undefined);
    } catch (error) {
      // Nothing of it is forgotten: the next round looks at everything, and there is one.
      this.#all ??= "an earlier attempt failed";
      this.#setTrouble(isTrunksError(error) ? `${error.code}: ${error.message}` : String(error));
      this.#schedule(this.#pace.patienceMs);
      throw error;
    } finally {
      this.#lastRoundMs = performance.now() - started;
    }
  }

  async #commit(): Promise<void> {
    const before = this.#journal.last?.id;
    const state = await this.#journal.commit(new Date());
    if (state !== undefined && state.id !== before) this.#options.saved(state);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.#options.log(
      trouble === undefined ? "changes are journalled again" : `changes are NOT journalled: ${trouble}`,
    );
  }

  async #takeAll(reason: string): Promise<void> {
    if (reason !== unwatchedReason) this.#options.log(`looking at everything: ${reason}`);
    const started = performance.now();
    this.#rules.restart();
    await this.#journal.restart();
    this.#watcher.beginLook();
    for (const path of [".git", ".git/info", ".git/logs"]) this.#watcher.add(path);
    await this.#watchBelow("");
    this.#watcher.endLook();
    for (const complaint of (await this.#journal.takeAll()).slice(0, 20)) this.#options.log(complaint);
    this.#lastLookMs = performance.now() - started;
  }

  /** What has no watcher is looked at from time to time, and not all the time. */
  #lookAgain(): void {
    const { unwatched, whyUnwatched } = this.#watcher;
    if (unwatched > 0 !== this.unwatched > 0) {
      const told = `${unwatched} folders cannot be watched, and are looked at again and again: ${whyUnwatched}`;
      this.#options.log(unwatched > 0 ? told : "all folders are watched again");
    }
    this.unwatched = unwatched;
    if (unwatched > 0) this.#nextLook.set(Math.max(this.#pace.lookMs, 3 * this.#lastLookMs));
    else this.#nextLook.clear();
  }

  /** `folders`: what has changed cannot be told from the paths alone. */
  async #takeSome(changed: ReadonlySet<BytePath>): Promise<"nothing" | "files" | "folders"> {
    const [files, folders]: [BytePath[], BytePath[]] = [[], []];
    for (const path of changed) {
      const found = kindAt(this.#folder, path);
      const known = this.#watcher.has(path);
      if (found.kind === "folder") {
        if (this.#watcher.isCurrent(path, found.inode)) continue;
        if (known) return "folders";
        folders.push(path);
      } else if (known) {
        this.#watcher.remove(path);
        return "folders";
      } else if (path.endsWith("/.git")) return "folders";
      else if (found.kind !== "other" && this.#isInWatched(path)) files.push(path);
    }
    const entered = await this.#notIgnored(folders);
    if (entered === undefined) return "folders";
    for (const folder of entered) {
      files.push(...(await this.#watchBelow(folder)));
    }
    const taken = await this.#notIgnored(files);
    if (taken === undefined) return "folders";
    if (taken.length === 0) return "nothing";
    if (taken.length > manyPaths) return "folders";
    try {
      await this.#journal.takeSome(taken);
      return "files";
    } catch (error) {
      if (isOneFilesFault(error)) return "folders";
      throw error;
    }
  }

  #watchBelow(start: BytePath): Promise<BytePath[]> {
    return watchBelow(this.#folder, start, this.#watcher, (folders) => this.#notIgnored(folders));
  }

  /** What was in a folder that is gone is the folder's matter. */
  #isInWatched(path: BytePath): boolean {
    return this.#watcher.has(parentOf(path) ?? "");
  }

  /** `undefined` when git cannot say. */
  async #notIgnored(paths: readonly BytePath[]): Promise<BytePath[] | undefined> {
    const ignored = await this.#rules.ask(paths);
    return ignored && paths.filter((path, index) => !ignored[index] || this.#journal.isWanted(path));
  }
}
