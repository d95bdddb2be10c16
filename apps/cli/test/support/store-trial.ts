import { ServerUnavailableError } from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { type Ending, ending } from "./ending.ts";
import { FaultySandbox } from "./faulty-sandbox.ts";
import { said } from "./messages.ts";
import { commit, makeRepository } from "./repository.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;
const wentWell = { status: 0, messages: "" };

/** Where a trunk is, with what else a command needs. */
export interface Way {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What stock git says of a store that refuses. */
export class StoreTrial {
  sandbox = new FaultySandbox();
  /** Why this machine cannot have the server. */
  missing: string | undefined;
  #branches = 0;

  /**
   * For a block of tests: a sandbox, a server, a trunk on it with one push, and a repository `work` that is ahead by a commit
   * large enough for several requests in every store.
   */
  static begin<Server extends { stop(): Promise<void> }>(
    start: () => Promise<Server>,
    wayTo: (server: Server) => Way,
  ): StoreTrial {
    const trial = new StoreTrial();
    let stop = async () => {};
    beforeAll(async () => {
      try {
        const server = await start();
        stop = () => server.stop();
        await makeRepository(trial.sandbox, "work");
        expect(await trial.git(["push", "-q", wayTo(server).url, "main"], wayTo(server).environment)).toEqual(wentWell);
      } catch (error) {
        if (!(error instanceof ServerUnavailableError)) throw error;
        trial.missing = error.message;
        return;
      }
      const noise = crypto.getRandomValues(new Uint8Array(65_536));
      await commit(trial.sandbox, "work", "large", { large: Buffer.concat(Array(320).fill(noise).map(mixed)) });
    }, startTimeoutMs);
    beforeEach((context) => {
      if (trial.missing !== undefined) context.skip(trial.missing);
    });
    afterAll(async () => {
      await trial.sandbox.remove();
      await stop();
    });
    return trial;
  }

  /** Runs git in the repository. */
  git(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ending> {
    return ending(this.sandbox, args, { folder: "work", environment });
  }

  /** Every command ends with such a line and such a hint, and leaves nothing. */
  async allSay({ url, environment }: Way, what: RegExp, hint: RegExp): Promise<void> {
    for (const args of [
      ["ls-remote", url],
      ["clone", "-q", url, "../clone"],
      ["push", "-q", url, "main"],
    ]) {
      const expected = { status: 128, messages: said(what, hint) };
      expect([args[0], await this.git(args, environment)]).toEqual([args[0], expected]);
    }
    expect(this.sandbox.exists("clone")).toBe(false);
  }

  /** A push is refused with such a line and such a hint. */
  async pushSays({ url, environment }: Way, what: RegExp, hint: RegExp): Promise<void> {
    expect(await this.git(["push", "-q", url, "main"], environment)).toEqual({ status: 1, messages: said(what, hint) });
  }

  async fetchWorks({ url, environment }: Way): Promise<void> {
    expect(await this.git(["fetch", "-q", url, "main"], environment)).toEqual(wentWell);
  }

  /** A small push goes through, with nothing said, and is there by the other way. */
  async pushGoesThrough({ url, environment }: Way, other: Way): Promise<void> {
    const branch = `refs/heads/branch-${this.#branches++}`;
    expect(await this.git(["push", "-q", url, `main~1:${branch}`], environment)).toEqual(wentWell);
    const found = await this.sandbox.git(["ls-remote", other.url, branch], { environment: other.environment });
    expect(found).toContain(branch);
  }
}

/** The same bytes in another disorder, so that nothing can be packed. */
function mixed(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, place) => byte ^ Math.imul(index + 1, place + 7) ^ (Math.imul(index + 3, place) >> 8));
}
