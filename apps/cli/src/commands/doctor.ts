import { randomUUID } from "node:crypto";
import { isGitMirrorUrl, redactUrl, type Settings, type Storage } from "@trunks/location";
import { storageNames } from "@trunks/sdk";
import { listPage } from "@trunks/sdk/list-answer";
import { type Command, type Context, exitStatus } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { findWorkingCopy, gitLines, readSettings } from "../git/working-copy.ts";
import { helperOnPath } from "../launcher.ts";
import { requireStorage } from "../storage/answer.ts";
import { type Finding, finding, type Looked, storeFindings } from "../storage/finding.ts";
import { probeStorage } from "../storage/probe.ts";
import { table } from "../terminal/output.ts";
import { openStorage } from "../trunk/open-trunk.ts";

/** Above this, signed requests begin to be refused by stores sooner or later (S3 allows 15 minutes). */
const maxSkewMs = 60_000;
const leastGit = [2, 34] as const;

export const command: Command = {
  usage: [""],
  description: [
    "Looks at Node, git, the helper, this clone's settings and remotes, and tries out every storage as `storage add` does, clock and the store's own settings included: versions, locks and rules that delete. Changes nothing but what it writes to the stores for a moment.",
  ],
  async run(context) {
    const { output } = context;
    const findings = [
      nodeFinding(),
      await finding("git", gitFinding),
      await finding("helper", helperFinding),
      ...(await cloneFindings(context)),
    ];
    const colours = { ok: "green", warning: "yellow", failed: "red", unknown: "dim" } as const;
    const rows = findings.flatMap(({ status, name, detail, hint }) => [
      [output.colour(colours[status], status), name, detail],
      ...(hint === undefined ? [] : [["", "", `hint: ${hint}`]]),
    ]);
    output.answer(listPage(findings), table(rows));
    return findings.some(({ status }) => status === "failed") ? exitStatus.failure : exitStatus.ok;
  },
};

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fine = major > 22 || (major === 22 && minor >= 18);
  const old = { status: "failed", hint: "22.18 or newer is needed" } as const;
  return { object: "finding", name: "node", detail: process.versions.node, ...(fine ? { status: "ok" } : old) };
}

async function gitFinding(): Promise<Looked> {
  const [text = ""] = await gitLines(["--version"]);
  const [, major = "0", minor = "0"] = /([0-9]+)\.([0-9]+)/.exec(text) ?? [];
  const fine = Number(major) > leastGit[0] || (Number(major) === leastGit[0] && Number(minor) >= leastGit[1]);
  const detail = text.replace(/^git version /, "");
  return fine
    ? { status: "ok", detail }
    : { status: "failed", detail, hint: `${leastGit.join(".")} or newer is needed` };
}

async function helperFinding(): Promise<Looked> {
  const path = await helperOnPath();
  if (path !== undefined) return { status: "ok", detail: path };
  return {
    status: "warning",
    detail: "git-remote-trunks is not on PATH",
    hint: "`trunks push` works; for plain `git push`: `npm install -g @trunks/cli`, or `trunks init --install-helper`",
  };
}

async function cloneFindings(context: Context): Promise<Finding[]> {
  const copy = await findWorkingCopy();
  let settings: Settings | undefined;
  const own = await finding("settings", async () => {
    settings = await readSettings(copy);
    if (settings !== undefined) return { status: "ok", detail: `this clone is of ${settings.repository}` };
    const detail = copy === undefined ? "this is not a git repository" : "this clone has none";
    return { status: "warning", detail, hint: "run `trunks init`" };
  });
  const remote = await finding("remote", async () => {
    if (copy === undefined) return { status: "warning", detail: "this is not a git repository" };
    const { name, url } = await findTrunkRemote(undefined);
    return { status: "ok", detail: `${name} is ${redactUrl(url)}` };
  });
  const storages: Finding[] = [];
  for (const name of storageNames(settings, process.env)) {
    storages.push(...(await storageFindings(name, requireStorage(name, settings).storage, context)));
  }
  return [own, remote, ...storages];
}

/** Whether a storage works, and if it does, how its store is set up. */
async function storageFindings(name: string, storage: Storage, context: Context): Promise<Finding[]> {
  const main = await finding(`storage ${name}`, () => storageFinding(storage, context));
  if (main.status === "failed") return [main];
  const others = await storeFindings(storage, context.signal);
  return [main, ...others.map((each) => ({ ...each, name: `storage ${name}, ${each.name}` }))];
}

async function storageFinding(storage: Storage, { verbose, signal }: Context): Promise<Looked> {
  await probeStorage(storage, { verbose, signal });
  if (isGitMirrorUrl(storage.url)) return { status: "ok", detail: "answers, and takes pushes" };
  const skewMs = await clockSkew(storage, signal);
  if (Math.abs(skewMs) <= maxSkewMs) return { status: "ok", detail: "answers, and keeps its promises" };
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const detail = `answers, but this machine's clock is ${minutes} min ${skewMs > 0 ? "ahead of" : "behind"} the store's`;
  return { status: "warning", detail, hint: "set the clock; stores refuse requests that are signed at a wrong time" };
}

/** How far this machine's clock is ahead of the store's, in milliseconds. */
async function clockSkew(storage: Storage, signal: AbortSignal): Promise<number> {
  const { backend } = await openStorage(storage, { signal, hurried: true });
  const prefix = `doctor-${randomUUID().slice(0, 13)}/`;
  try {
    const before = Date.now();
    await backend.create(`${prefix}clock`, new TextEncoder().encode("clock\n"));
    const after = Date.now();
    const { keys } = await backend.list(prefix);
    await backend.delete([`${prefix}clock`]);
    const storeMs = keys[0]?.modifiedMs;
    if (storeMs === undefined) return 0; // Its lists are late; there is nothing to compare with.
    return storeMs < before ? before - storeMs : storeMs > after ? after - storeMs : 0;
  } finally {
    await backend.close();
  }
}
