import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { type CataloguePack, packsSince, type Repository, type State } from "@trunks/repo";
import { git, gitSucceeds } from "./git.ts";
import { installPacks } from "./incoming-pack.ts";
import type { LocalRepository } from "./local-repository.ts";
import type { HelperOptions } from "./options.ts";
import { keepPack } from "./pack-file.ts";
import { Progress } from "./progress.ts";
import { readSynced, writeSynced } from "./synced.ts";

export interface FetchContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly options: HelperOptions;
  readonly state: State;
  readonly signal: AbortSignal;
}

/** How much of what arrives is looked at; docs/threats.md says what each trusts. */
type Verification = "digest" | "connectivity" | "full";

/** Times that a fetch begins again because packs were retired under it. */
const maxTries = 3;

/** Brings everything that the ids reach into the repository and answers git's report lines. */
export async function fetch(ids: readonly string[], context: FetchContext): Promise<string[]> {
  const { local, options } = context;
  const synced = options.refetch ? -1 : await readSynced(local, context.state.trunkId);
  const { state, installed } = await installSince(synced, context);
  const complete = synced === -1 || (await reaches(ids, context));
  const everything = complete ? installed : (await installSince(-1, { ...context, state })).installed;
  await writeSynced(local, state.trunkId, state.slot);
  return connectivityLines(ids, everything, state, context);
}

interface Installed {
  readonly state: State;
  /** Paths of the installed packs, without their endings. */
  readonly installed: readonly string[];
}

/** Installs the packs that came after slot `synced`. A pack that is gone was retired: the newer state has another. */
async function installSince(synced: number, context: FetchContext): Promise<Installed> {
  let { state } = context;
  for (let attempt = 1; ; attempt++) {
    // What a retired pack had is somewhere in the catalogue, so the second try looks there.
    const packs = packsSince(state, synced, attempt === 1 ? context.repository.records : []);
    try {
      return { state, installed: await install(packs, state, context) };
    } catch (error) {
      if (!isTrunksError(error, "NOT_FOUND") || attempt === maxTries) throw error;
      const newer = await context.repository.readExisting({ signal: context.signal });
      if (newer.slot === state.slot && attempt > 1) throw error;
      state = newer;
    }
  }
}

async function install(
  packs: readonly CataloguePack[],
  state: State,
  { repository, local, options, signal }: FetchContext,
): Promise<string[]> {
  if (packs.length === 0) return [];
  const settings = await local.settings();
  const total = packs.reduce((sum, { pack }) => sum + pack.size, 0);
  const progress = new Progress("Receiving packs", total, options.progress);
  const installed = await installPacks({
    repository,
    packs,
    state,
    packDir: local.packDir,
    strict: (await verification(local)) === "full",
    unpackLimit: settings.number("fetch.unpacklimit") ?? settings.number("transfer.unpacklimit") ?? 100,
    keep: options.checkConnectivity,
    progress,
    signal,
  });
  progress.end();
  return installed;
}

async function verification(local: LocalRepository): Promise<Verification> {
  const settings = await local.settings();
  if (settings.boolean("fetch.fsckobjects") ?? settings.boolean("transfer.fsckobjects")) return "full";
  const chosen = settings.text("trunks.verify") ?? "digest";
  if (chosen === "digest" || chosen === "connectivity" || chosen === "full") return chosen;
  throw new TrunksError("CONFIG_INVALID", `trunks.verify is ${JSON.stringify(chosen)}`, {
    hint: "set it to digest, connectivity or full",
  });
}

/** Whether everything that the ids reach is here: git's own question after a fetch, asked while it can be mended. */
async function reaches(ids: readonly string[], { signal }: FetchContext): Promise<boolean> {
  const input = Buffer.from(ids.map((id) => `${id}\n`).join(""));
  return gitSucceeds(["rev-list", "--objects", "--stdin", "--not", "--all", "--quiet"], { input, signal });
}

/**
 * A full clone may skip git's walk through all history: the journal says that each push was proved complete. Git looks
 * for the tips in the one pack that is named by `lock`.
 */
async function connectivityLines(
  ids: readonly string[],
  installed: readonly string[],
  state: State,
  context: FetchContext,
): Promise<string[]> {
  const { local, options } = context;
  if (!options.checkConnectivity || installed.length === 0) return [];
  const trusted = state.unproved === -1 && (await verification(local)) === "digest";
  if (!trusted) {
    await Promise.all(installed.map((path) => rm(`${path}.keep`, { force: true })));
    return [];
  }
  const [only] = installed;
  const locked = installed.length === 1 ? (only as string) : await packTips(ids, context);
  const others = installed.filter((path) => path !== locked);
  await Promise.all(others.map((path) => rm(`${path}.keep`, { force: true })));
  return [`lock ${locked}.keep`, "connectivity-ok"];
}

/** A small pack of the tips alone; that they are in another pack too does no harm. */
async function packTips(ids: readonly string[], { local, signal }: FetchContext): Promise<string> {
  const input = Buffer.from(`${[...new Set(ids)].join("\n")}\n`);
  const output = await git(["pack-objects", "-q", "--no-reuse-delta", "--window=0", join(local.packDir, "pack")], {
    input,
    signal,
  });
  const path = join(local.packDir, `pack-${output.toString("latin1").trim()}`);
  await keepPack(path);
  return path;
}
