import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { Backend } from "@trunks/core";
import { scope, type TracedBackend, trace } from "@trunks/layers";
import { Repository } from "@trunks/repo";
import { Input } from "../../src/helper/input.ts";
import { Session } from "../../src/helper/session.ts";

/** What one process of the helper did. */
export interface TracedConversation {
  /** All that it said on standard output. */
  readonly output: string;
  /** Requests with the round trip in which they were made, in the order of their starts: `1 get journal/…`. */
  readonly requests: readonly string[];
}

/** The helper's conversation with git in this process, over a backend whose requests are told. */
export class TracedHelper {
  readonly #backend: TracedBackend;
  #cached: Uint8Array | undefined;

  constructor(store: Backend, prefix = "trunks/app.trunk/") {
    this.#backend = trace(scope(store, prefix));
  }

  /** Forgets what earlier processes learnt of the trunk. */
  forget(): void {
    this.#cached = undefined;
  }

  /** Runs a process of its own, which knows only what the earlier ones have saved. Git's variables are this process's. */
  async converse(gitDir: string | undefined, ...lines: readonly string[]): Promise<TracedConversation> {
    this.#backend.reset();
    const cache = {
      load: async () => this.#cached,
      save: async (bytes: Uint8Array) => {
        this.#cached = bytes;
      },
    };
    const repository = new Repository(this.#backend, { cache });
    const stdin = new PassThrough();
    const said: Uint8Array[] = [];
    const write = async (bytes: Uint8Array) => {
      said.push(bytes);
    };
    const { signal } = new AbortController();
    stdin.end(lines.join("\n") + (lines.at(-1)?.endsWith("0000") ? "" : "\n"));
    await new Session({ repository, gitDir, input: new Input(stdin), write, signal }).run();
    if (!stdin.destroyed) {
      stdin.destroy();
      await once(stdin, "close");
    }
    await repository.save();
    const names = this.#backend.names().map((name) => name.replace(/[0-9a-f]{32}/, "<id>"));
    const requests = this.#backend.requests.map(({ depth }, index) => `${depth} ${names[index]}`);
    return { output: Buffer.concat(said).toString("latin1"), requests };
  }
}
