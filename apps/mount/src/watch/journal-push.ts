import type { Git } from "../git.ts";
import type { SafeState } from "../journal/journal.ts";
import { journalDay, journalRefs, outdated } from "../journal/journal-ref.ts";
import { listTrunkRefs } from "../journal/states.ts";

/** The first wait after a failure, and the longest, in milliseconds. */
const firstWaitMs = 1000;
const longestWaitMs = 60_000;

/**
 * Brings a mount's journal to its trunk: always the newest state, one push at a time, for as long as it takes. The first push of
 * a day takes away what is older there than what is kept.
 */
export class JournalPush {
  readonly #git: Git;
  readonly #remote: string;
  readonly #log: (line: string) => void;
  #wanted: SafeState | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  /** The ref of the day on which the trunk was last rid of what is too old. */
  #prunedAt: string | undefined;
  /** The last state that the trunk has. */
  pushed: string | undefined;
  trouble: string | undefined;

  constructor(git: Git, remote: string, log: (line: string) => void) {
    this.#git = git;
    this.#remote = remote;
    this.#log = log;
  }

  want(state: SafeState): void {
    this.#wanted = state;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for a push that is under way, and tries once more for one that failed. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#wake?.();
    await this.#running;
  }

  async #work(): Promise<void> {
    for (let waitMs = firstWaitMs; this.#wanted !== undefined && this.#wanted.id !== this.pushed; ) {
      const state: SafeState = this.#wanted;
      const ended = this.#ended;
      if (await this.#push(state)) waitMs = firstWaitMs;
      else {
        if (ended) return;
        await this.#pause(waitMs);
        waitMs = Math.min(2 * waitMs, longestWaitMs);
      }
    }
  }

  async #push({ id, ref }: SafeState): Promise<boolean> {
    try {
      const args = ["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"];
      const old = ref === this.#prunedAt ? [] : await this.#outdated(ref);
      const moves = [`+${id}:${ref}`, ...old.map((each) => `:${each}`)];
      await this.#git.bytes([...args, this.#remote, ...moves], { failure: "UNAVAILABLE" });
      this.#prunedAt = ref;
      this.pushed = id;
      this.#setTrouble(undefined);
      return true;
    } catch (error) {
      this.#setTrouble(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** Of this mount alone: of others nobody knows whether their folders are still there. */
  async #outdated(ref: string): Promise<string[]> {
    const day = journalDay(ref);
    if (day === undefined) return [];
    return outdated(await listTrunkRefs(this.#git, this.#remote, `${journalRefs(day.mountId)}*`), day.date);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.#log(trouble === undefined ? "the journal is pushed again" : `the journal is NOT pushed: ${trouble}`);
  }

  async #pause(waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
