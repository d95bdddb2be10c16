import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.ts";
import type { CaseOutcome } from "./suite.ts";

/** As much of miniflare as is used. */
interface Miniflare {
  dispatchFetch(url: string, options?: RequestInit): Promise<Response>;
  dispose(): Promise<void>;
}

/** A Worker that runs on this machine. */
export interface RunningWorker {
  fetch(path: string, options?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** What a Worker finds in its `env`. */
export interface WorkerBindings {
  /** Names of empty buckets of R2. */
  readonly buckets?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** Behind this date runtimes change what they do. */
const compatibilityDate = "2026-07-01";

/** Starts a Worker of one module, without Node's modules. `program` is where the runtime is installed. */
export async function startWorker(
  program: string,
  script: string,
  { buckets = [], variables = {} }: WorkerBindings = {},
): Promise<RunningWorker> {
  const { Miniflare } = (await import(pathToFileURL(program).href)) as {
    Miniflare: new (options: object) => Miniflare;
  };
  const options = {
    modules: true,
    script,
    compatibilityDate,
    r2Buckets: buckets,
    bindings: variables,
    // Nothing is asked of anyone beyond this machine.
    cf: false,
    host: "127.0.0.1",
  };
  const folder = await mkdtemp(join(tmpdir(), "trunks-worker-"));
  const worker = withTemporaryFolder(folder, () => new Miniflare(options));
  return {
    fetch: (path, options) => worker.dispatchFetch(`http://worker.test${path}`, options),
    async stop() {
      await worker.dispose();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** By itself it removes its files without waiting for that, and a process that ends leaves them. */
function withTemporaryFolder<Made>(folder: string, make: () => Made): Made {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** Runs a suite in a Worker with an empty bucket; answers what it reported. */
export async function runInWorkerd(program: string, entry: string, data: unknown): Promise<CaseOutcome[]> {
  const { text: script } = await bundle("workerd", { contents: contentsFor(entry), folder: import.meta.dirname });
  const worker = await startWorker(program, script, { buckets: ["BUCKET"] });
  try {
    const answer = await worker.fetch("/", { method: "POST", body: JSON.stringify(data) });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the Worker failed: ${text}`);
    const lines = text.split("\n").filter((line) => line !== "");
    const outcomes = lines.map((line) => JSON.parse(line) as CaseOutcome & { readonly fault?: string });
    const fault = outcomes.find((outcome) => outcome.fault !== undefined)?.fault;
    if (fault !== undefined) throw new Error(`the suite failed: ${fault}`);
    return outcomes;
  } finally {
    await worker.stop();
  }
}

/** Its answer goes on while the cases run. */
function contentsFor(entry: string): string {
  return `
    import { run } from ${JSON.stringify(entry)};
    export default {
      async fetch(request, bindings, context) {
        const data = await request.json();
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        const encoder = new TextEncoder();
        const write = (line) => writer.write(encoder.encode(JSON.stringify(line) + "\\n"));
        const running = run({ data, bindings }, write).catch((error) => write({ fault: String(error?.stack ?? error) }));
        context.waitUntil(running.then(() => writer.close()));
        return new Response(readable);
      },
    };
  `;
}
