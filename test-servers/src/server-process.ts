import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "./free-port.ts";
import { Watchdog } from "./watchdog.ts";

/** How to run one server. Other kinds of server need nothing but another plan. */
export interface ServerPlan {
  /** For messages and the name of the folder. */
  readonly name: string;
  /** How many ports of 127.0.0.1 it listens on. */
  readonly portCount: number;
  /** The command for these ports and this folder, which exists and is empty at the first start. */
  command(ports: readonly number[], folder: string): Promise<ServerCommand> | ServerCommand;
  /** Resolves when the server answers as it should; rejects while it is not ready. Called again until then. */
  probe(ports: readonly number[]): Promise<unknown>;
  /** Default 60,000. */
  readonly readyTimeoutMs?: number;
}

export interface ServerCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Beside `PATH` and `HOME`; nothing else is handed down. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running server that belongs to the caller, of whatever kind. */
export interface TestServer {
  readonly name: string;
  /** Sends the signal, by default `SIGKILL`, and waits until the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on its folder, with the same address, and waits until it is ready. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const maxPortTries = 5;
const maxOutputLength = 4000;

/** One server, its ports and its temporary folder. It ends with this process, however that ends. */
export class ServerProcess {
  readonly ports: readonly number[];
  readonly folder: string;
  readonly #plan: ServerPlan;
  readonly #watchdog: Watchdog;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = "";

  /** Starts a server and waits until it is ready. One that lost its port to another process is tried with others. */
  static async start(plan: ServerPlan): Promise<ServerProcess> {
    for (let tries = 1; ; tries++) {
      const folder = await mkdtemp(join(tmpdir(), `trunks-${plan.name}-`));
      const server = new ServerProcess(plan, await freePorts(plan.portCount), folder);
      try {
        await server.restart();
        return server;
      } catch (error) {
        await server.stop();
        if (tries === maxPortTries || !/address already in use/i.test(server.#output)) throw error;
      }
    }
  }

  private constructor(plan: ServerPlan, ports: readonly number[], folder: string) {
    this.#plan = plan;
    this.ports = ports;
    this.folder = folder;
    this.#watchdog = new Watchdog(folder);
  }

  /** Sends the signal to the server and its children, and waits until the server is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child?.pid !== undefined) {
      // While someone waits for its end it counts as work of this process again.
      this.#child.ref();
      try {
        process.kill(-this.#child.pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await this.#exited;
  }

  /** Starts the server again, on its folder and ports; where it still runs, after a `kill -9`. */
  async restart(): Promise<void> {
    await this.kill();
    const command = await this.#plan.command(this.ports, this.folder);
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(command.program, command.arguments, {
      cwd: this.folder,
      env: { PATH, HOME, ...command.environment },
      // A group of its own: an interrupt on the terminal reaches the tests first, and `kill` reaches its children.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#watchdog.guard(child.pid ?? 0);
    child.unref();
    this.#child = child;
    this.#output = "";
    this.#exited = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", (error) => {
        this.#output += error.message;
        resolve();
      });
    }).then(() => {
      this.#watchdog.guard(0);
      this.#child = undefined;
    });
    this.#keepOutput(child);
    await this.#ready();
  }

  /** Ends the server with `kill -9` and removes its folder. A second call does nothing. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.#watchdog.dismiss();
  }

  #keepOutput(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-maxOutputLength);
      });
      (stream as unknown as { unref(): void }).unref();
    }
  }

  async #ready(): Promise<void> {
    const { name, readyTimeoutMs = 60_000 } = this.#plan;
    let running = true;
    const exited = this.#exited.then(() => {
      running = false;
    });
    const deadline = performance.now() + readyTimeoutMs;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
      const probe = this.#plan.probe(this.ports).then(
        () => ({ ready: true, failure: undefined }),
        (failure: unknown) => ({ ready: false, failure }),
      );
      const answer = await Promise.race([probe, exited]);
      if (!running) throw new Error(`${name} ended before it was ready: ${this.#output}`);
      if (answer?.ready) return;
      if (performance.now() > deadline) {
        throw new Error(`${name} was not ready in ${readyTimeoutMs} ms: ${this.#output}`, { cause: answer?.failure });
      }
      await Promise.race([sleep(pauseMs), exited]);
    }
  }
}
