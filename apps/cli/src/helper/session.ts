import { once } from "node:events";
import { TrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";
import { encodeText, maintenanceDue, type Repository, type State } from "@trunks/repo";
import { startMaintenance } from "../background-maintenance.ts";
import { fetch } from "./fetch.ts";
import type { Input } from "./input.ts";
import { listLines } from "./list.ts";
import { LocalRepository } from "./local-repository.ts";
import { HelperOptions } from "./options.ts";
import { push } from "./push.ts";
import { parsePushCommand } from "./push-command.ts";

const capabilities = ["fetch", "push", "option", "object-format", "check-connectivity", "stateless-connect"];

/** In milliseconds: so long is waited, when all else is done, for mirrors of a trunk that is new here. */
const lookMs = 2000;

export interface SessionContext {
  readonly repository: Repository;
  /** Absent when git runs outside a repository, as `git ls-remote URL` may. */
  readonly gitDir: string | undefined;
  /** What the remote is called, if it has a name. */
  readonly remote?: string;
  readonly input: Input;
  /** What git has asked for so far. Default: nothing. */
  readonly options?: HelperOptions;
  write(bytes: Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
  /** Has a process of its own do what a push leaves to be done. Without it, it is done before the session ends. */
  startUpkeep?(): Promise<void>;
}

/** One conversation with git. Source: gitremote-helpers. */
export class Session {
  readonly #context: SessionContext;
  readonly #options: HelperOptions;
  #state: State | undefined;
  #local: LocalRepository | undefined;
  #status = 0;
  /** Git has asked what it would push to, and pushed nothing so far. */
  #onlyLooked = false;
  /** Nothing was known of the trunk before. */
  #isCold = false;
  /** The look at the mirrors of a trunk that is new here. */
  #look: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(context: SessionContext) {
    this.#context = context;
    this.#options = context.options ?? new HelperOptions();
  }

  /** Answers commands until git has no more. Answers the exit status: 1 when something went wrong that git was not told of. */
  async run(): Promise<number> {
    for (
      let line = await this.#context.input.line();
      line !== undefined && line !== "";
      line = await this.#context.input.line()
    ) {
      await this.#answer(line);
    }
    this.#tellContradictions();
    await this.#endLook();
    return this.#status;
  }

  async #answer(line: string): Promise<void> {
    const [command, rest] = splitOnce(line);
    switch (command) {
      case "capabilities":
        return this.#writeLines([...capabilities, ""]);
      case "option":
        return this.#writeLines([this.#options.set(...splitOnce(rest))]);
      case "list":
        return this.#list(rest === "for-push");
      case "fetch":
        return this.#fetch(await this.#batch("fetch", rest));
      case "push":
        return this.#push(await this.#batch("push", rest));
      case "stateless-connect":
        return this.#connect(rest);
      default:
        throw new TrunksError(
          "NOT_SUPPORTED",
          `git asked for ${JSON.stringify(command)}, which this helper does not know`,
        );
    }
  }

  /** A push that had nothing to push has looked at the mirrors all the same. One that had stops at what is wrong there. */
  #tellContradictions(): void {
    if (!this.#onlyLooked || this.#state === undefined) return;
    const { mirrors } = this.#context.repository;
    for (const { message, hint } of mirrors.contradictions(this.#state.map)) this.#tell(message, hint);
  }

  /**
   * Beside the fetch of a trunk that is new here: whoever has an old URL may clone a store that was given up for a mirror and
   * never told so, and no later push of this clone would be the first to say it.
   */
  #beginLook(): void {
    const { repository, signal } = this.#context;
    if (!this.#isCold || this.#look !== undefined) return;
    this.#look = repository.lookForPrimary({ signal: AbortSignal.any([signal, this.#ended.signal]) });
  }

  async #endLook(): Promise<void> {
    if (this.#look === undefined) return;
    const timer = setTimeout(() => this.#ended.abort(), lookMs);
    await Promise.race([this.#look, once(this.#ended.signal, "abort")]);
    clearTimeout(timer);
    this.#ended.abort();
  }

  async #list(forPush: boolean): Promise<void> {
    this.#onlyLooked = forPush;
    if (!forPush && this.#options.partial) {
      throw new TrunksError("NOT_SUPPORTED", "depth and filters need Git's protocol version 2", {
        hint: "git config protocol.version 2",
      });
    }
    const { repository, signal } = this.#context;
    this.#isCold = !forPush && (await repository.remembered()) === undefined;
    this.#state = forPush ? await repository.read({ signal, forPush }) : await repository.readExisting({ signal });
    const lines = this.#state === undefined ? [] : listLines(this.#state, this.#options, forPush);
    await this.#writeLines([...lines, ""]);
  }

  async #fetch(lines: readonly string[]): Promise<void> {
    const ids = [...new Set(lines.map((line) => splitOnce(line)[0]))];
    const { repository, signal } = this.#context;
    const state = this.#state ?? (await repository.readExisting({ signal }));
    const local = this.#repository();
    await local.checkObjectFormat(state.objects);
    this.#beginLook();
    const report = await fetch(ids, { repository, local, options: this.#options, state, signal });
    await this.#writeLines([...report, ""]);
  }

  async #push(lines: readonly string[]): Promise<void> {
    this.#onlyLooked = false;
    const { repository, signal } = this.#context;
    const local = this.#repository();
    if (this.#state !== undefined) await local.checkObjectFormat(this.#state.objects);
    const report = await push(lines.map(parsePushCommand), {
      repository,
      local,
      options: this.#options,
      listed: this.#state,
      signal,
    });
    await this.#writeLines([...report.lines, ""]);
    for (const { error } of report.missed) this.#tellMissed(error);
    await this.#maintain(local);
  }

  /** Git waits for the end of this process, so what takes time is left to another, unless the user wants to wait for it. */
  async #maintain(local: LocalRepository): Promise<void> {
    const { repository, signal, startUpkeep } = this.#context;
    const background = startUpkeep !== undefined && (await local.settings()).boolean("trunks.background") !== false;
    await repository.maintain({ signal, snapshot: !background });
    if (!background) return;
    if (repository.snapshotDue) {
      await repository.save(); // The other process goes on from it.
      await startUpkeep();
    }
    await this.#startMaintenance(local);
  }

  /** Now and then: of many writers it is those whose push has led to such a slot. */
  async #startMaintenance(local: LocalRepository): Promise<void> {
    const { known } = this.#context.repository;
    const { remote } = this.#context;
    if (remote === undefined || known === undefined || !maintenanceDue(known)) return;
    const wanted = (await local.settings()).boolean("trunks.maintenance") !== false;
    if (wanted) startMaintenance(remote);
  }

  /**
   * The trunk has the push, and git is told so; that a mirror has not, makes `git push` fail all the same. The next push,
   * or the next look of one, brings the mirror up.
   */
  #tellMissed({ message, hint }: TrunksError): void {
    this.#tell(`the push is in the trunk, but did not reach ${message.replace(/^the/, "its")}`, hint);
  }

  #tell(message: string, hint: string | undefined): void {
    this.#status = 1;
    process.stderr.write(`error: ${redactUrl(message)}\n`);
    if (hint !== undefined) process.stderr.write(`hint: ${redactUrl(hint)}\n`);
  }

  /**
   * With a depth or a filter, and in a repository that has one, git's own server decides what belongs to the answer. For
   * everything else packs are installed as they are.
   */
  async #connect(service: string): Promise<void> {
    const { gitDir } = this.#context;
    const wanted =
      service === "git-upload-pack" && gitDir !== undefined && (this.#options.partial || this.#repository().shallow);
    if (!wanted) return this.#writeLines(["fallback"]);
    const { serveUploadPack } = await import("./upload-pack.ts");
    await this.#writeLines([""]);
    await serveUploadPack({ ...this.#context, local: this.#repository(), options: this.#options });
  }

  /** The rest of a batch: lines of the same command up to an empty one. */
  async #batch(command: string, first: string): Promise<string[]> {
    const lines = [first];
    for (
      let line = await this.#context.input.line();
      line !== undefined && line !== "";
      line = await this.#context.input.line()
    ) {
      const [word, rest] = splitOnce(line);
      if (word !== command)
        throw new TrunksError("INVALID_ARGUMENT", `git sent ${JSON.stringify(word)} within a ${command}`);
      lines.push(rest);
    }
    return lines;
  }

  #repository(): LocalRepository {
    const { gitDir } = this.#context;
    if (gitDir === undefined)
      throw new TrunksError("CONFIG_INVALID", "this needs a Git repository, and GIT_DIR is not set");
    this.#local ??= new LocalRepository(gitDir);
    return this.#local;
  }

  #writeLines(lines: readonly string[]): Promise<void> {
    return this.#context.write(encodeText(`${lines.join("\n")}\n`));
  }
}

function splitOnce(line: string): [string, string] {
  const space = line.indexOf(" ");
  return space === -1 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}
