import { type Backend, isTrunksError, type RequestOptions } from "@trunks/core";
import { decodeText, type ObjectFormat, type ObjectId } from "@trunks/repo/client";
import { Branches } from "./branches.ts";
import type { Change } from "./changes.ts";
import {
  type CheckpointAnswer,
  type CheckpointOptions,
  type CheckpointPage,
  checkpoint,
  type HistoryOptions,
  history,
  type Rollback,
  type RollbackOptions,
  rollBack,
} from "./checkpoint.ts";
import type { Commit } from "./commit.ts";
import * as files from "./files.ts";
import { type IsomorphicGit, isomorphicGit } from "./isomorphic-git.ts";
import { type FileEntry, type ListOptions, listFiles } from "./list.ts";
import type { ListAnswer } from "./list-answer.ts";
import { type LogOptions, type LogPage, log } from "./log.ts";
import { type MaintenanceAnswer, type MaintenanceOptions, maintain } from "./maintenance.ts";
import { type MergeAnswer, type MergeOptions, merge } from "./merge.ts";
import { type CommitOptions, commitStaged } from "./new-commit.ts";
import type { Stream } from "./objects.ts";
import { type OpenOptions, type OpenUrlOptions, openSession, openUrl } from "./open.ts";
import { type PullOptions, type PushAnswer, type PushOptions, pull, push } from "./push.ts";
import { type ReadFile, readFiles } from "./read-files.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";
import { type DiffOptions, diff, type Status, status } from "./status.ts";
import { Tags } from "./tags.ts";

/**
 * A repository without git and without a clone: files of a branch are read where they are, changes are staged here,
 * `commit` makes a version of them and `push` publishes it. What is staged or committed and not pushed lives as long as
 * this object. Every call takes a signal, and calls that change something go one after another.
 */
export class Trunk implements AsyncDisposable {
  /** The trunk's branches. */
  readonly branches: Branches;
  /** The trunk's tags. */
  readonly tags: Tags;
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
    this.branches = new Branches(async () => session);
    this.tags = new Tags(async () => session);
  }

  /**
   * Opens a trunk by its URL: `s3://bucket/my-app`, `file:///folder/my-app`, `trunks://primary/my-app`, … Throws `NOT_FOUND`
   * when there is none, `CONFIG_INVALID` for a URL that cannot be one.
   */
  static async open(url: string, options: OpenUrlOptions = {}): Promise<Trunk> {
    return new Trunk(await openUrl(url, options));
  }

  /** Opens the trunk in a backend whose keys are relative to the trunk's folder. `close` closes the backend. */
  static async openBackend(backend: Backend, options: OpenOptions = {}): Promise<Trunk> {
    return new Trunk(await openSession(backend, options));
  }

  /** What tells this trunk from every other, wherever it is kept. */
  get id(): string {
    return this.#session.state.trunkId;
  }

  /** The branch that is worked on. */
  get branch(): string {
    return this.#session.branch;
  }

  /** The last commit here; `undefined` on a branch that has none. */
  get head(): ObjectId | undefined {
    return this.#session.tip;
  }

  /** By which hash objects are named here. */
  get objectFormat(): ObjectFormat {
    return this.#session.format;
  }

  /**
   * A file as text, `undefined` when there is none; of a symbolic link, where it points to. Bytes that are no UTF-8 become
   * lone surrogates, and `write` makes the same bytes of them again.
   */
  async read(path: string, options: files.ReadOptions = {}): Promise<string | undefined> {
    const bytes = await files.readFile(this.#session, path, options);
    return bytes && decodeText(bytes);
  }

  /** A file, or a range of it; `undefined` when there is none. */
  readBytes(path: string, options: files.ReadOptions = {}): Promise<Uint8Array | undefined> {
    return files.readFile(this.#session, path, options);
  }

  /** A file of any size in bounded memory; `undefined` when there is none. The last step throws `CORRUPT` if it was not that file. */
  readStream(path: string, options: files.VersionOptions = {}): Promise<Stream | undefined> {
    return files.streamFile(this.#session, path, options);
  }

  /** All files that `list` names with these options, in few requests; in the order in which they can be read fastest. */
  readFiles(folder = "", options: ListOptions = {}): AsyncGenerator<ReadFile> {
    return readFiles(this.#session, folder, options);
  }

  /** What is in a folder, or matches a glob. */
  list(folder = "", options: ListOptions = {}): Promise<ListAnswer<FileEntry>> {
    return listFiles(this.#session, folder, options);
  }

  /** Whether a file or folder is there. */
  exists(path: string, options: files.VersionOptions = {}): Promise<boolean> {
    return files.exists(this.#session, path, options);
  }

  /** Stages a file; folders on the way to it are made. Answers the content's id. */
  write(path: string, content: files.FileContent, options: files.WriteOptions = {}): Promise<ObjectId> {
    return this.#change(options, () => files.writeFile(this.#session, path, content, options));
  }

  /** Stages a copy of a file or folder. No content is read. */
  copy(source: string, target: string, options: RequestOptions = {}): Promise<void> {
    return this.#change(options, () => files.copy(this.#session, source, target, options));
  }

  /** Stages a file or folder under another path. No content is read. */
  move(source: string, target: string, options: RequestOptions = {}): Promise<void> {
    return this.#change(options, () => files.move(this.#session, source, target, options));
  }

  /** Makes a folder, and those above it. As in git, one without a file is in no commit. */
  mkdir(path: string, options: RequestOptions = {}): Promise<void> {
    return this.#change(options, () => files.makeFolder(this.#session, path, options));
  }

  /** Stages the removal of a file, or of a folder. Throws `NOT_FOUND` when there is nothing. */
  remove(path: string, options: files.RemoveOptions = {}): Promise<void> {
    return this.#change(options, () => files.remove(this.#session, path, options));
  }

  /** Forgets what is staged. Commits stay. */
  discard(options: RequestOptions = {}): Promise<void> {
    const session = this.#session;
    return this.#change(options, async () => {
      await session.moveTo(session.tip, session.base, options);
      session.objects.new.dropStaged();
    });
  }

  /** Makes a commit of what is staged: the one that `git commit` would make, with the same id. Asks nothing of the store. */
  commit(options: CommitOptions): Promise<Commit> {
    return this.#change(options, () => commitStaged(this.#session, options));
  }

  /** Commits what is staged and publishes it. When nothing is staged, the last commit is the answer. Throws `ConflictError`. */
  checkpoint(options: CheckpointOptions): Promise<CheckpointAnswer> {
    return this.#change(options, () => checkpoint(this.#session, options));
  }

  /**
   * Makes the files, or some of them, what they were in a version, as a commit on top: nothing leaves the history. What is staged
   * or committed and not in the trunk is put under a ref there first, which the answer names. Throws `NOT_FOUND`, `ConflictError`.
   */
  rollback(options: RollbackOptions): Promise<Rollback> {
    return this.#change(options, () => rollBack(this.#session, options));
  }

  /** The versions that one can go back to, the newest first. */
  history(options: HistoryOptions = {}): Promise<CheckpointPage> {
    return history(this.#session, options);
  }

  /** Publishes the commits made here. Throws `ConflictError` when the branch moved, and a retry is not wanted or not possible. */
  push(options: PushOptions = {}): Promise<PushAnswer> {
    return this.#change(options, () => push(this.#session, options));
  }

  /** Reads what others have pushed, and leaves branch, commits and staged files as they are. */
  fetch(options: RequestOptions = {}): Promise<Status> {
    return this.#change(options, async () => {
      await this.#session.fetch(options);
      return status(this.#session, options);
    });
  }

  /** Reads what others have pushed, and puts what was committed and staged here on top. Throws `ConflictError`. */
  pull(options: PullOptions = {}): Promise<Status> {
    return this.#change(options, async () => {
      await pull(this.#session, options);
      return status(this.#session, options);
    });
  }

  /** Merges a branch, tag or commit into this branch. Conflicts are part of the answer, and then nothing was changed. */
  merge(source: string, options: MergeOptions = {}): Promise<MergeAnswer> {
    return this.#change(options, () => merge(this.#session, source, options));
  }

  /** Commits, the newest first. */
  log(options: LogOptions = {}): Promise<LogPage> {
    return log(this.#session, options);
  }

  /** What is here and not in the trunk, as it was read last. */
  status(options: RequestOptions = {}): Promise<Status> {
    return status(this.#session, options);
  }

  /** What differs between two versions; by default between the last commit and what is staged. */
  diff(options: DiffOptions = {}): Promise<ListAnswer<Change>> {
    return diff(this.#session, options);
  }

  /** The commit that a branch, a tag, an id's first digits or `main~2` names; `undefined` when there is none. */
  async resolve(ref: string, options: RequestOptions = {}): Promise<Commit | undefined> {
    try {
      return await this.#session.history.commit(await resolveCommit(this.#session, ref, options), options);
    } catch (error) {
      if (isTrunksError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /**
   * This trunk for isomorphic-git, as a bare repository: `git.log({ ...trunk.isomorphicGit(), depth: 3 })`. Objects are read
   * from the store one by one when they are asked for. Objects that it writes, and the branch when it moves it, are as if they
   * were made here: `push` publishes them. Other refs cannot be written this way. `signal` is that of every request.
   */
  isomorphicGit(options: RequestOptions = {}): IsomorphicGit {
    return isomorphicGit(this.#session, options);
  }

  /**
   * Makes few large packs of many small ones, and deletes from the store what nobody has needed for the grace time. A trunk that is
   * pushed to needs that at times to stay quick; pushes do it by themselves unless they were told not to, up to 16 MiB at once.
   * Others may push and read meanwhile; calls of this object that change something wait. It may be aborted at any moment: the next
   * run ends what this one began.
   */
  maintain(options: MaintenanceOptions = {}): Promise<MaintenanceAnswer> {
    return this.#change(options, () => maintain(this.#session, options));
  }

  /** Frees connections and temporary files, when what pushes left to be done has ended. What was not pushed is gone. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  /** As `close`: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #change<Answer>(options: RequestOptions, work: () => Promise<Answer>): Promise<Answer> {
    return this.#session.lock.run(options.signal, work);
  }
}
