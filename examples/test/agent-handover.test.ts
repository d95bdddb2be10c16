import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ServerUnavailableError, startPostgres, startVersity } from "@trunks/test-servers";
import { afterEach, beforeEach, expect, inject, onTestFinished, type TestContext, test } from "vitest";
import { Workshop } from "./support/workshop.ts";

/** `examples/agent-handover`, on machines that share nothing but a URL: each has a folder and a home of its own. */
const source = join(import.meta.dirname, "..", "agent-handover");
const tarballs = inject("tarballs");
const names = ["core", "repo", "layers", "location", "backend-local", "backend-s3", "backend-postgres", "sdk"] as const;
const packages = names.map((name) => tarballs[`@trunks/${name}`]);
const plan = Array.from({ length: 24 }, (_, index) => `step ${index + 1}`);

interface Place {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

const stores = {
  s3: async () => {
    const { bucket, endpoint, region, environment, stop } = await startVersity();
    const query = `endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
    return { url: `s3://${bucket}/agents/my-app?${query}`, environment, stop };
  },
  postgres: async () => {
    const { host, port, user, database, password, stop } = await startPostgres();
    const url = `postgres://${user}@${host}:${port}/${database}/agents/my-app`;
    return { url, environment: { PGPASSWORD: password }, stop };
  },
};

/** The person who begins the work, and looks at it at the end; has git and `trunks`. */
let desk: Workshop;
let machines: Workshop[];
beforeEach(async () => {
  desk = new Workshop();
  machines = [new Workshop(), new Workshop()];
  for (const machine of machines) {
    machine.copy(source, "agent");
    await machine.install("agent", packages);
  }
  desk.write("package.json", '{ "private": true }\n');
  await desk.install("", [tarballs["@trunks/cli"], ...packages]);
});
afterEach(() => {
  for (const workshop of [desk, ...machines]) workshop.remove();
});

async function serve(context: TestContext, name: keyof typeof stores): Promise<Place> {
  try {
    const { stop, ...place } = await stores[name]();
    onTestFinished(() => stop());
    return place;
  } catch (error) {
    if (error instanceof ServerUnavailableError) context.skip(error.message);
    throw error;
  }
}

/** Runs the agent on a machine, and kills it so long after so many lines; answers how it ended. Its lines go to `reported`. */
async function run(
  machine: Workshop,
  { url, environment }: Place,
  reported: string[],
  kill?: { readonly afterLines: number; readonly delayMs: number },
): Promise<number | string | null> {
  const child = machine.start(process.execPath, ["agent.js", url], { folder: "agent", environment });
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    reported.push(line);
    if (++count === kill?.afterLines) setTimeout(() => child.kill("SIGKILL"), kill.delayMs);
  }
  const [code, signal] = await closed;
  return code ?? signal;
}

test.for(["s3", "postgres"] as const)(
  "%s: what a killed machine has reported is done, and another goes on",
  async (name, context) => {
    const place = await serve(context, name);
    const { url, environment } = place;
    await desk.succeed("git", ["init", "-q", "my-app"]);
    desk.write("my-app/plan.md", `${plan.join("\n")}\n`);
    const inClone = { folder: "my-app", environment: { ...environment, PATH: desk.pathOf("") } };
    await desk.succeed("git", ["add", "."], inClone);
    await desk.succeed("git", ["commit", "-q", "-m", "the plan"], inClone);
    await desk.succeed("git", ["push", "-q", `trunks::${url}`, "main"], inClone);

    const reported: string[] = [];
    for (const [turn, delayMs] of [0, 40, 90, 140].entries()) {
      const ended = await run(machines[turn % 2] as Workshop, place, reported, { afterLines: 3, delayMs });
      expect([delayMs, ended]).toEqual([delayMs, "SIGKILL"]);
    }
    expect(await run(machines[0] as Workshop, place, reported)).toBe(0);
    expect(reported.at(-1)).toMatch(/^done [0-9a-f]{40} step 24$/);

    await desk.succeed("git", ["pull", "-q", `trunks::${url}`, "main"], inClone);
    await desk.succeed("git", ["fsck", "--strict"], inClone);
    const log = (await desk.succeed("git", ["log", "--reverse", "--format=%H %s"], inClone))
      .trim()
      .split("\n")
      .slice(1);
    // Each step once, and those that were reported under the ids that were reported.
    expect(log.map((line) => line.slice(41))).toEqual(plan);
    const acknowledged = reported.filter((line) => line.startsWith("done ")).map((line) => line.slice("done ".length));
    expect(acknowledged.filter((line) => !log.includes(line))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(4);
    expect((await desk.succeed("git", ["show", "main:done.md"], inClone)).trim().split("\n")).toEqual(plan);
  },
);
