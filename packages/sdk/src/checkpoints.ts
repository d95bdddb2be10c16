import type { RequestOptions } from "@trunks/core";
import {
  type Checkpoint,
  type CheckpointAnswer,
  type CheckpointOptions,
  type CheckpointPage,
  checkpoint,
  checkpointOf,
  history,
  type Rollback,
  type RollbackOptions,
  rollBack,
} from "./checkpoint.ts";
import type { CommitIdOptions } from "./commits.ts";
import { type FileContent, remove, writeFile } from "./files.ts";
import type { PageOptions } from "./list-answer.ts";
import { resolveCommit } from "./revision.ts";
import type { OpenSession, Session } from "./session.ts";

/** Which checkpoints, and which page of them. */
export interface ListCheckpointsOptions extends RequestOptions, PageOptions {
  /** Default: the default branch. */
  readonly branch?: string;
  /** Only those that changed this file or folder. */
  readonly path?: string;
}

/** A checkpoint of some files, on top of a branch. */
export interface CreateCheckpointOptions extends Omit<CheckpointOptions, "push"> {
  /** Default: the default branch. */
  readonly branch?: string;
  /** By path; `null` takes one away. What is not named stays. */
  readonly files: Readonly<Record<string, FileContent | null>>;
}

/** A rollback of a branch. */
export interface RollbackBranchOptions extends Omit<RollbackOptions, "push"> {
  /** Default: the default branch. */
  readonly branch?: string;
}

/** Works on a branch as it is now. */
export type OnBranch = <Answer>(
  branch: string | undefined,
  options: RequestOptions,
  work: (session: Session) => Promise<Answer>,
) => Promise<Answer>;

/** The checkpoints of a trunk's branches. What makes one is one push, and fails when another writer was first (`CONFLICT`). */
export class Checkpoints {
  readonly #session: OpenSession;
  readonly #onBranch: OnBranch;

  /** Sessions are asked for by each call. */
  constructor(session: OpenSession, onBranch: OnBranch) {
    this.#session = session;
    this.#onBranch = onBranch;
  }

  /** The newest first. */
  async list({ branch, ...options }: ListCheckpointsOptions = {}): Promise<CheckpointPage> {
    return history(await this.#session(options), { ...options, ref: branch });
  }

  /** Throws `NOT_FOUND`. */
  async get({ id, signal }: CommitIdOptions): Promise<Checkpoint> {
    const session = await this.#session({ signal });
    const commit = await session.history.commit(await resolveCommit(session, id, { signal }), { signal });
    return { ...checkpointOf(session, commit), branch: null };
  }

  /** Makes one in the trunk. Where nothing changes, the branch's last commit is the answer. */
  async create({ branch, files, ...options }: CreateCheckpointOptions): Promise<CheckpointAnswer> {
    const { signal } = options;
    return this.#onBranch(branch, { signal }, async (session) => {
      for (const [path, content] of Object.entries(files)) {
        if (content === null) await remove(session, path, { recursive: true, signal });
        else await writeFile(session, path, content, { signal });
      }
      return checkpoint(session, options);
    });
  }

  /** Makes a branch's files, or some of them, what they were in a version, as a commit on top. */
  async rollback({ branch, ...options }: RollbackBranchOptions): Promise<Rollback> {
    return this.#onBranch(branch, options, (session) => rollBack(session, options));
  }
}
