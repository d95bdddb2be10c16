import type { RequestOptions } from "@trunks/core";
import type { Commit } from "./commit.ts";
import { type LogOptions, type LogPage, log } from "./log.ts";
import { resolveCommit } from "./revision.ts";
import type { OpenSession } from "./session.ts";

/** Which commit is meant. */
export interface CommitIdOptions extends RequestOptions {
  /** An id, its first digits, or any other name of a commit. */
  readonly id: string;
}

/** The commits of a trunk. They are made by `Trunk.commit`. */
export class Commits {
  readonly #session: OpenSession;

  /** The session is asked for by each call. */
  constructor(session: OpenSession) {
    this.#session = session;
  }

  /** The newest first; by default those of the default branch. */
  async list(options: LogOptions = {}): Promise<LogPage> {
    return log(await this.#session(options), options);
  }

  /** Throws `NOT_FOUND`. */
  async get({ id, signal }: CommitIdOptions): Promise<Commit> {
    const session = await this.#session({ signal });
    return session.history.commit(await resolveCommit(session, id, { signal }), { signal });
  }
}
