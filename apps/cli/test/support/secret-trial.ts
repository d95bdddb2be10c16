import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import { type CommandOptions, Sandbox } from "./sandbox.ts";
import { forms } from "./secret-search.ts";
import { trunks } from "./trunks.ts";

const watcher = join(import.meta.dirname, "command-lines.mjs");

/** Commands in a repository `app`, as talkative as they can be, and what they say. */
export class SecretTrial {
  readonly sandbox = new Sandbox();
  readonly #said: string[] = [];

  async run(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
    const result = await trunks(this.sandbox, args, { folder: "app", ...options });
    this.#said.push(result.stdout, result.stderr);
    const said = result.status === status ? "" : result.stderr;
    expect([args.join(" "), result.status, said]).toEqual([args.join(" "), status, ""]);
  }

  async git(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
    const traces = { GIT_TRACE: "1", GIT_TRACE_PACKET: "1", GIT_TRANSPORT_HELPER_DEBUG: "1", GIT_TRACE2_EVENT: "1" };
    const environment = { ...traces, ...options.environment };
    const result = await this.sandbox.tryGit(["-c", "trunks.verify=connectivity", ...args], {
      ...options,
      environment,
    });
    this.#said.push(result.stdout.toString("latin1"), result.stderr.toString("latin1"));
    expect([args.join(" "), result.status]).toEqual([args.join(" "), status]);
  }

  /**
   * Does `work`, and looks at the command lines of its processes all the while: none may have one of the secrets in it, nor may
   * what was said. Answers the secrets in all their forms.
   */
  async hides(secrets: readonly string[], work: () => Promise<void>): Promise<readonly string[]> {
    const texts = secrets.flatMap(forms);
    const watching = this.sandbox.start(process.execPath, [watcher]);
    await once(watching.stdout, "data");
    watching.stdin.write([this.sandbox.path, ...texts].map((line) => `${line}\n`).join(""));
    await work();
    watching.stdin.end();
    const [report] = (await once(watching.stdout, "data")) as [Buffer];
    const { seen, exposed } = JSON.parse(report.toString());
    expect(exposed).toEqual([]);
    expect(seen).toBeGreaterThan(10);
    const everything = this.#said.join("\n");
    expect(everything.length).toBeGreaterThan(10_000);
    for (const text of texts) expect(everything).not.toContain(text);
    return texts;
  }
}
