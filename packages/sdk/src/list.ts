import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { type VersionOptions, versionTree } from "./files.ts";
import { compileGlob, type Glob } from "./glob.ts";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { type EntryType, entryType, isExecutable, modeText } from "./mode.ts";
import { parseFolderPath, sortByPath } from "./path.ts";
import type { Session } from "./session.ts";
import { isFolder, type StagedFolder, type StagedItem, type StagedTree } from "./staged-tree.ts";

/** A file or folder of a version. */
export interface FileEntry {
  readonly object: "file";
  /** From the top of the repository. */
  readonly path: string;
  /** What it is. */
  readonly type: EntryType;
  /** Whether it is a file that may be run. */
  readonly executable: boolean;
  /** As git prints it: `100644`. */
  readonly mode: string;
  /** The object's id; `null` for a folder that was changed and not committed. */
  readonly id: ObjectId | null;
}

/** What is listed, and which page of it. */
export interface ListOptions extends VersionOptions, PageOptions {
  /** Whether folders are looked into; folders themselves are left out then. Default false. */
  readonly recursive?: boolean;
  /** Only paths that match, as in `src/**\/*.ts`: from the top of the repository, and folders are looked into. */
  readonly glob?: string;
}

/** What is in a folder, by path in byte order. Throws `NOT_FOUND` when there is no such folder. */
export async function listFiles(
  session: Session,
  folder: string,
  options: ListOptions,
): Promise<ListAnswer<FileEntry>> {
  const entries: FileEntry[] = [];
  await visitItems(session, folder, options, (prefix, name, { mode, id }) => {
    entries.push(entryOf(prefix + name, mode, id));
  });
  return listPage(sortByPath(entries), options);
}

/** Is told of a file or folder: the path of the folder that it is in, which ends in a slash, and its name there. */
export type Visit = (prefix: string, name: string, item: StagedItem) => void;

/** Visits everything that is listed, in any order. Throws `NOT_FOUND` when there is no such folder. */
export async function visitItems(session: Session, folder: string, options: ListOptions, visit: Visit): Promise<void> {
  const glob = options.glob === undefined ? undefined : compileGlob(options.glob);
  const tree = await versionTree(session, options);
  const names = parseFolderPath(folder);
  const start = startOf(names, glob);
  const top = start && (await tree.find(start, options));
  if (!isFolder(top)) {
    if (glob !== undefined && (await isFolderAt(tree, names, options))) return;
    throw new TrunksError("NOT_FOUND", `there is no folder ${JSON.stringify(folder)}`);
  }
  const recursive = options.recursive || glob !== undefined;
  const prefix = start?.map((name) => `${name}/`).join("") ?? "";
  const visitChosen: Visit = (above, name, item) => {
    if (glob?.matches(above + name)) visit(above, name, item);
  };
  await walk(tree, top, prefix, recursive, options, glob === undefined ? visit : visitChosen);
}

/** The deeper one of the two folders, or `undefined` when neither is in the other. */
function startOf(names: readonly string[], glob: Glob | undefined): readonly string[] | undefined {
  if (glob === undefined) return names;
  const [short, long] = names.length < glob.folder.length ? [names, glob.folder] : [glob.folder, names];
  return short.every((name, index) => long[index] === name) ? long : undefined;
}

async function isFolderAt(tree: StagedTree, names: readonly string[], options: RequestOptions): Promise<boolean> {
  return isFolder(await tree.find(names, options));
}

/** Folder by folder, level by level, so that there are as many rounds of requests as folders are deep. */
async function walk(
  tree: StagedTree,
  top: StagedFolder,
  prefix: string,
  recursive: boolean,
  options: RequestOptions,
  visit: Visit,
): Promise<void> {
  let level = [{ folder: top, prefix }];
  while (level.length > 0) {
    const next: typeof level = [];
    await tree.readFolders(
      level.map(({ folder }) => folder),
      options,
    );
    for (const { folder, prefix: above } of level) {
      const items = folder.items ?? (await tree.items(folder, options));
      items.forEach((item, name) => {
        if (isFolder(item) && recursive) next.push({ folder: item, prefix: `${above}${name}/` });
        else visit(above, name, item);
      });
    }
    level = next;
  }
}

/** A file or folder as it is shown. */
export function entryOf(path: string, mode: number, id: ObjectId | undefined): FileEntry {
  return {
    object: "file",
    path,
    type: entryType(mode),
    executable: isExecutable(mode),
    mode: modeText(mode),
    id: id ?? null,
  };
}
