import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isTrunksError } from "@trunks/core";
import { encodeText, type State, sortedRefs } from "@trunks/repo";
import { installPacks } from "./incoming-pack.ts";
import { Progress } from "./progress.ts";
import type { UploadPackContext } from "./upload-pack.ts";

/** Times that it is begun to make the repository, because packs were retired under it. */
const maxTries = 3;

/** A bare repository with all of the trunk's packs and refs, made when it is first needed and removed at the end. */
export class TemporaryRepository {
  readonly #context: UploadPackContext;
  readonly #state: State;
  #made: Promise<string> | undefined;

  constructor(context: UploadPackContext, state: State) {
    this.#context = context;
    this.#state = state;
  }

  folder(): Promise<string> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async remove(): Promise<void> {
    const folder = await this.#made?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async #make(): Promise<string> {
    const { local, repository, signal } = this.#context;
    const folder = await mkdtemp(join(await local.ownFolder("tmp"), "serve-"));
    await writeSkeleton(folder, this.#state);
    for (let attempt = 1, state = this.#state; ; attempt++) {
      try {
        await this.#install(folder, state);
        return folder;
      } catch (error) {
        if (!isTrunksError(error, "NOT_FOUND") || attempt === maxTries) throw error;
        // A pack that is gone was retired: the newer state has another.
        const newer = await repository.readExisting({ signal });
        if (newer.slot === state.slot) throw error;
        state = newer;
      }
    }
  }

  async #install(folder: string, state: State): Promise<void> {
    const { repository, options, signal } = this.#context;
    const packs = [...state.packs.values()];
    const total = packs.reduce((sum, { pack }) => sum + pack.size, 0);
    const progress = new Progress("Receiving packs", total, options.progress);
    const packDir = join(folder, "objects", "pack");
    const strict = false;
    await installPacks({
      repository,
      packs,
      state,
      packDir,
      gitDir: folder,
      strict,
      unpackLimit: 1,
      keep: false,
      progress,
      signal,
    });
    progress.end();
  }
}

/** Makes of a folder what git takes for a repository, with the refs of a trunk; quicker than a run of `git init`. */
export async function writeSkeleton(folder: string, state: Pick<State, "objects" | "head" | "refs">): Promise<void> {
  const { objects, head } = state;
  const format = objects === "sha1" ? "repositoryformatversion = 0" : "repositoryformatversion = 1";
  const extension = objects === "sha1" ? "" : "[extensions]\n\tobjectFormat = sha256\n";
  const refs = sortedRefs(state).map(([name, ref]) => `${ref.id} ${name}\n`);
  await mkdir(join(folder, "objects", "pack"), { recursive: true });
  await mkdir(join(folder, "refs"));
  await writeFile(join(folder, "config"), `[core]\n\t${format}\n\tbare = true\n${extension}`);
  await writeFile(join(folder, "packed-refs"), encodeText(`# pack-refs with: sorted \n${refs.join("")}`));
  await writeFile(join(folder, "HEAD"), encodeText(`ref: ${head}\n`));
}

/** In milliseconds: no helper works this long on one temporary folder. */
const abandonedMs = 24 * 60 * 60 * 1000;

/** Removes what killed helpers left behind long ago. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const modifiedMs = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedMs > abandonedMs) await rm(path, { recursive: true, force: true });
  }
}
