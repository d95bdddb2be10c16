import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, realpath, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { TrunksError } from "@trunks/core";
import { readText, replaceFile, unwritable } from "./durable-file.ts";
import { withLock } from "./lock-file.ts";
import { decodeSettings, encodeSettings, type Settings } from "./settings.ts";

/** What `<common git dir>/trunks/settings` says: which settings are this clone's own. */
interface Pointer {
  /** Relative to the common git dir. */
  readonly path: string;
  /** Stands in the settings as well. */
  readonly key: string;
}

/**
 * The settings of one clone, shared by all its worktrees: `.trunks/<repository>.trunk` at the top of the main worktree, or
 * in the folder of a bare repository, readable by its owner alone.
 *
 * A file in a worktree may come from a commit: git overwrites even excluded files when it checks out a tree that has
 * them. Settings decide where a push goes and with whose secrets. So the clone's git folder, where no commit can write,
 * keeps a random key, and settings without that key are refused.
 */
export class SettingsFile {
  readonly path: string;
  readonly #key: string;

  private constructor(path: string, key: string) {
    this.path = path;
    this.#key = key;
  }

  /** The settings of the clone with this common git dir (`git rev-parse --git-common-dir`), if it has some. */
  static async find(commonDir: string): Promise<SettingsFile | undefined> {
    const text = await readText(pointerPath(commonDir));
    if (text === undefined) return undefined;
    const pointer = readPointer(text);
    if (pointer === undefined) throw new TrunksError("CORRUPT", `${pointerPath(commonDir)} is damaged`);
    const file = new SettingsFile(resolve(await realpath(commonDir), pointer.path), pointer.key);
    return (await readText(file.path)) === undefined ? undefined : file;
  }

  /**
   * Writes the first settings of a clone, into `<top>/.trunks/<repository>.trunk`. Throws `ALREADY_EXISTS` when something
   * is there: it may be another's.
   */
  static async create(commonDir: string, top: string, settings: Settings): Promise<SettingsFile> {
    const folder = join(top, ".trunks");
    await makeFolder(folder);
    const file = new SettingsFile(join(await realpath(folder), `${settings.repository}.trunk`), randomUUID());
    await makeFolder(join(commonDir, "trunks"));
    return withLock(`${pointerPath(commonDir)}.lock`, async () => {
      if ((await SettingsFile.find(commonDir)) !== undefined || (await readText(file.path)) !== undefined) {
        throw new TrunksError("ALREADY_EXISTS", `there are settings already: ${file.path}`, {
          hint: "if this clone has not written them, look at them and move them away",
        });
      }
      // The pointer first: without its settings it counts as none, and settings without it would be refused for ever.
      const pointer: Pointer = { path: relative(await realpath(commonDir), file.path), key: file.#key };
      await replaceFile(pointerPath(commonDir), `${JSON.stringify(pointer)}\n`);
      await replaceFile(file.path, encodeSettings(settings, file.#key));
      return file;
    });
  }

  /** Throws `CONFIG_INVALID` when the file is not what this clone wrote. */
  async read(): Promise<Settings> {
    const text = await readText(this.path);
    if (text === undefined) throw new TrunksError("NOT_FOUND", `the settings are gone: ${this.path}`);
    const { settings, key } = decodeSettings(text, this.path);
    if (key === this.#key) return settings;
    throw new TrunksError(
      "CONFIG_INVALID",
      `${this.path} was not written for this clone; it may have come with a commit`,
      {
        hint: "look at it, move it away and run `trunks init` again",
      },
    );
  }

  /**
   * Closes the file to all but its owner: true when others could read or write it before, so that its secrets may be known.
   * Throws what `read` throws, and `PERMISSION_DENIED` when the mode cannot be changed.
   */
  async restrict(): Promise<boolean> {
    // On Windows a mode says nothing.
    if (process.platform === "win32" || ((await readMode(this.path)) & 0o077) === 0) return false;
    // One that came with a commit is nobody's secret, and not to be touched.
    await this.read();
    try {
      await chmod(this.path, 0o600);
      return true;
    } catch (error) {
      throw new TrunksError("PERMISSION_DENIED", `others can read ${this.path}, and its secrets`, {
        cause: error,
        hint: `have its owner run: chmod 600 ${this.path}`,
      });
    }
  }

  /** Replaces the settings by what `change` makes of the newest ones. No other process can write in between. */
  async update(change: (settings: Settings) => Settings): Promise<Settings> {
    return withLock(`${this.path}.lock`, async () => {
      const changed = change(await this.read());
      await replaceFile(this.path, encodeSettings(changed, this.#key));
      return changed;
    });
  }
}

/** A link in its place could lead the secrets anywhere. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(folder, error);
  }
  if ((await lstat(folder)).isDirectory()) return;
  throw new TrunksError("CONFIG_INVALID", `${folder} is not a folder`);
}

function pointerPath(commonDir: string): string {
  return join(commonDir, "trunks", "settings");
}

function readPointer(text: string): Pointer | undefined {
  try {
    const { path, key } = JSON.parse(text) as Partial<Pointer>;
    return typeof path === "string" && typeof key === "string" ? { path, key } : undefined;
  } catch {
    return undefined;
  }
}

/** 0 when there is no file. */
async function readMode(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mode ?? 0;
}
