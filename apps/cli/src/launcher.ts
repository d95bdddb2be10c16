import { createHash, randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { access, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, extname, isAbsolute, join } from "node:path";
import { TrunksError } from "@trunks/core";

const marker = "# Starts Trunks; written by `trunks`, and safe to delete.";
const helper = "git-remote-trunks";

let made: Promise<string> | undefined;

/**
 * A folder to put in front of PATH: in it, git finds the helper of this very installation. Small scripts in the user's own
 * cache, so that it works from a source tree and from an `npx` run as well; where no cache can be written, in a temporary
 * folder that goes when this process ends.
 */
export function launcherFolder(): Promise<string> {
  made ??= makeLaunchers();
  return made;
}

/** The environment for programs that shall find the helper. */
export async function helperEnvironment(): Promise<NodeJS.ProcessEnv> {
  const path = [await launcherFolder(), process.env.PATH].filter(Boolean).join(delimiter);
  return { ...process.env, PATH: path };
}

/** Where a plain `git` finds the helper on PATH, if it does. */
export async function helperOnPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)) {
    const path = join(folder, helper);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

/** Puts a launcher of the helper into `~/.local/bin`. Throws `ALREADY_EXISTS` when another program of that name is there. */
export async function installHelper(): Promise<{ readonly path: string; readonly onPath: boolean }> {
  const folder = join(process.env.HOME || homedir(), ".local", "bin");
  const path = join(folder, helper);
  const there = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new TrunksError("PERMISSION_DENIED", `${path} cannot be read (${error.code})`, { cause: error });
  });
  if (there !== undefined && !there.includes(marker)) {
    throw new TrunksError("ALREADY_EXISTS", `${path} is there and was not written by trunks`, {
      hint: "move it away if it is not needed",
    });
  }
  try {
    await replaceScript(path, launcherText(helper));
  } catch (error) {
    throw new TrunksError("PERMISSION_DENIED", `${path} cannot be written`, { cause: error });
  }
  return { path, onPath: (process.env.PATH ?? "").split(delimiter).includes(folder) };
}

async function makeLaunchers(): Promise<string> {
  const texts = ["trunks", helper].map((name) => [name, launcherText(name)] as const);
  const digest = createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 16);
  const { XDG_CACHE_HOME: given, HOME } = process.env;
  const caches = given && isAbsolute(given) ? given : join(HOME || homedir(), ".cache");
  const folder = join(caches, "trunks", "launchers", digest);
  try {
    for (const [name, text] of texts) await replaceScript(join(folder, name), text);
    return folder;
  } catch {
    const temporary = await mkdtemp(join(tmpdir(), "trunks-launchers-"));
    process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
    for (const [name, text] of texts) await replaceScript(join(temporary, name), text);
    return temporary;
  }
}

async function replaceScript(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const written = `${path}.${randomUUID()}`;
  try {
    await writeFile(written, text, { flag: "wx", mode: 0o755 });
    await rename(written, path);
  } finally {
    await rm(written, { force: true });
  }
}

/** A program for sh, which Git for Windows brings as well. */
function launcherText(name: string): string {
  // Beside this module lies the program's entry, in the sources as in the build.
  const entry = join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
  if (!existsSync(entry)) throw new TrunksError("INTERNAL", `${entry} is missing from this installation`);
  return `#!/bin/sh\n${marker}\nexec ${quoted(process.execPath)} ${quoted(entry)} "$@"\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
