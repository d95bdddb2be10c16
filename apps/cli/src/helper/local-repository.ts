import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TrunksError } from "@trunks/core";
import type { ObjectFormat } from "@trunks/repo";
import { commonGitDir } from "../git/common-dir.ts";
import { git } from "./git.ts";

/** The user's repository: where git keeps things, and what its settings say. */
export class LocalRepository {
  /** Absolute. */
  readonly gitDir: string;
  /** Absolute; shared by all worktrees. */
  readonly commonDir: string;
  /** Where packs are installed; absolute. */
  readonly packDir: string;
  #settings: Promise<Settings> | undefined;

  constructor(gitDir: string) {
    this.gitDir = resolve(gitDir);
    this.commonDir = commonGitDir(this.gitDir);
    this.packDir = join(process.env.GIT_OBJECT_DIRECTORY ?? join(this.commonDir, "objects"), "pack");
  }

  /** Git's settings that matter here, read once. */
  settings(): Promise<Settings> {
    this.#settings ??= readSettings();
    return this.#settings;
  }

  async objectFormat(): Promise<ObjectFormat> {
    return (await this.settings()).text("extensions.objectformat") === "sha256" ? "sha256" : "sha1";
  }

  /** Throws `NOT_SUPPORTED` unless objects of this format can be kept here. */
  async checkObjectFormat(format: ObjectFormat): Promise<void> {
    const own = await this.objectFormat();
    if (own === format) return;
    throw new TrunksError("NOT_SUPPORTED", `the trunk has ${format} objects, and this repository has ${own} objects`);
  }

  /** Whether history ends somewhere before its beginning. */
  get shallow(): boolean {
    const file = process.env.GIT_SHALLOW_FILE ?? join(this.commonDir, "shallow");
    return existsSync(file) && statSync(file).size > 0;
  }

  /** Commits whose parents are not here. */
  shallowIds(): string[] {
    return this.shallow ? readFileSync(join(this.commonDir, "shallow"), "utf8").split("\n").filter(Boolean) : [];
  }

  /** A folder of our own on the same file system as the objects, made if need be. */
  async ownFolder(...parts: string[]): Promise<string> {
    const folder = join(this.commonDir, "trunks", ...parts);
    await mkdir(folder, { recursive: true });
    return folder;
  }
}

export class Settings {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** The last value given for a name, which is in lower case but for its middle part. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  number(name: string): number | undefined {
    const found = /^(-?[0-9]+)([kmg]?)$/i.exec(this.text(name) ?? "");
    if (found === null) return undefined;
    const unit = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[(found[2] as string).toLowerCase()] as number;
    return Number(found[1]) * unit;
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    return !["false", "no", "off", "0", ""].includes(value);
  }

  get isPartialClone(): boolean {
    return [...this.#values.keys()].some((name) => name === "extensions.partialclone" || name.endsWith(".promisor"));
  }
}

async function readSettings(): Promise<Settings> {
  const output = await git(["config", "--null", "--list"]);
  const values = new Map<string, string>();
  for (const item of output.toString("utf8").split("\0")) {
    const end = item.indexOf("\n");
    // A name without a value means true.
    if (item !== "") values.set(end === -1 ? item : item.slice(0, end), end === -1 ? "true" : item.slice(end + 1));
  }
  return new Settings(values);
}
