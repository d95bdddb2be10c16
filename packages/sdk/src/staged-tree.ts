import { type RequestOptions, TrunksError } from "@trunks/core";
import { type ObjectFormat, type ObjectId, objectId } from "@trunks/repo/client";
import { entryType, folderMode } from "./mode.ts";
import type { Objects } from "./objects.ts";
import { encodeTree, type TreeItem, visitTree } from "./tree.ts";

/** A folder of the staged tree. */
export class StagedFolder {
  readonly mode = folderMode;
  /** The tree that it is; `undefined` when it was changed and not written since. */
  id: ObjectId | undefined;
  /** By name, once they are read. */
  items: Map<string, StagedItem> | undefined;
  /** Under way to be read. */
  reading: Promise<Map<string, StagedItem>> | undefined;

  constructor(id: ObjectId | undefined) {
    this.id = id;
    if (id === undefined) this.items = new Map();
  }
}

export type StagedItem = TreeItem | StagedFolder;

export function isFolder(item: StagedItem | undefined): item is StagedFolder {
  return item instanceof StagedFolder;
}

/**
 * A commit's tree that is being changed. Folders are read when they are met; those that were not changed stay what they
 * are. Folders may be empty here, and are left out of what is written, as in git.
 */
export class StagedTree {
  readonly #objects: Objects;
  readonly #format: ObjectFormat;
  #top: StagedFolder;
  /** Objects of the trees that were read: the trunk has them, so that no commit brings them again. */
  readonly #known = new Set<ObjectId>();

  /** From the tree of a commit, or from nothing. */
  constructor(objects: Objects, format: ObjectFormat, treeId: ObjectId | undefined) {
    this.#objects = objects;
    this.#format = format;
    this.#top = new StagedFolder(treeId);
    if (treeId !== undefined) this.#known.add(treeId);
  }

  /** Whether the trunk, or a commit that was made here, is known to have the object. */
  isKnown(id: ObjectId): boolean {
    return this.#known.has(id);
  }

  addKnown(ids: Iterable<ObjectId>): void {
    for (const id of ids) this.#known.add(id);
  }

  /** What stands at a path, the top for no names; `null` when a folder on the way has not been read. */
  peek(names: readonly string[]): StagedItem | undefined | null {
    let item: StagedItem | undefined = this.#top;
    for (const name of names) {
      if (!isFolder(item)) return undefined;
      if (item.items === undefined) return null;
      item = item.items.get(name);
    }
    return item;
  }

  /** The same; folders are read on the way. */
  async find(names: readonly string[], options: RequestOptions): Promise<StagedItem | undefined> {
    let item: StagedItem | undefined = this.#top;
    for (const name of names) {
      if (!isFolder(item)) return undefined;
      item = (await this.items(item, options)).get(name);
    }
    return item;
  }

  /** Throws `ALREADY_EXISTS` when one of the folders above a path is a file. Nothing is changed. */
  async checkWay(names: readonly string[], options: RequestOptions): Promise<void> {
    let folder: StagedItem | undefined = this.#top;
    for (const [index, name] of names.slice(0, -1).entries()) {
      folder = (await this.items(folder as StagedFolder, options)).get(name);
      if (folder === undefined) return;
      if (!isFolder(folder)) throw inTheWay(names.slice(0, index + 1));
    }
  }

  /** The items of a folder. They must not be changed. */
  async items(folder: StagedFolder, options: RequestOptions): Promise<Map<string, StagedItem>> {
    if (folder.items !== undefined) return folder.items;
    const reading = folder.reading ?? this.#read(folder, options);
    folder.reading = reading;
    try {
      return await reading;
    } finally {
      folder.reading = undefined;
    }
  }

  /** Reads folders that are wanted next, in few requests. */
  async readFolders(folders: readonly StagedFolder[], options: RequestOptions): Promise<void> {
    const unread = folders.filter((folder) => folder.items === undefined && folder.reading === undefined);
    if (unread.length < 2) return;
    const byId = Map.groupBy(unread, (folder) => folder.id as ObjectId);
    for await (const { id, data } of this.#objects.readMany(byId.keys(), options)) {
      for (const folder of byId.get(id) ?? []) folder.items ??= this.#itemsOf(data);
    }
  }

  /** Puts an item at a path, and folders on the way to it. Throws `ALREADY_EXISTS` where a file is in the way. */
  async put(names: readonly string[], item: StagedItem, options: RequestOptions): Promise<void> {
    const way = await this.#way(names, options, true);
    const items = (way.at(-1) as StagedFolder).items as Map<string, StagedItem>;
    const name = names.at(-1) as string;
    const before = items.get(name);
    if (before !== undefined && !isFolder(before) && before.mode === item.mode && before.id === item.id) return;
    items.set(name, item);
    for (const folder of way) folder.id = undefined;
  }

  /** Takes away what stands at a path, and the folders above it that become empty. Nothing happens when nothing stands there. */
  async remove(names: readonly string[], options: RequestOptions): Promise<void> {
    if ((await this.find(names, options)) === undefined) return;
    const way = await this.#way(names, options, false);
    for (const folder of way) folder.id = undefined;
    for (let depth = way.length - 1; depth >= 0; depth--) {
      const items = (way[depth] as StagedFolder).items as Map<string, StagedItem>;
      items.delete(names[depth] as string);
      if (items.size > 0) return;
    }
  }

  /**
   * Stages the trees of all changed folders and answers the top's id. Takes no time that another call could use: what is
   * written is the tree at one moment.
   */
  write(): ObjectId {
    const written = this.#write(this.#top);
    if (written !== undefined) return written;
    const empty = new Uint8Array(0);
    return this.#objects.new.add("tree", empty, objectId(this.#format, "tree", empty));
  }

  /** The same, to be changed on its own. */
  copy(): StagedTree {
    const copy = new StagedTree(this.#objects, this.#format, undefined);
    copy.#top = this.copyOf(this.#top);
    copy.addKnown(this.#known);
    return copy;
  }

  newFolder(): StagedFolder {
    return new StagedFolder(undefined);
  }

  /** A folder with the same items, to stand in another place too. */
  copyOf(folder: StagedFolder): StagedFolder {
    const copy = new StagedFolder(folder.id);
    copy.items = folder.items && new Map();
    for (const [name, item] of folder.items ?? []) copy.items?.set(name, isFolder(item) ? this.copyOf(item) : item);
    return copy;
  }

  /** Whether there is any file. */
  holdsFiles(): boolean {
    return this.#write(this.#top) !== undefined;
  }

  /** The id of a folder's tree; `undefined` for one that holds no file. */
  #write(folder: StagedFolder): ObjectId | undefined {
    if (folder.id !== undefined) return folder.id;
    const items: [string, TreeItem][] = [];
    let hasEmpty = false;
    for (const [name, item] of folder.items as Map<string, StagedItem>) {
      const id = isFolder(item) ? this.#write(item) : item.id;
      if (id === undefined) hasEmpty = true;
      else items.push([name, { mode: item.mode, id }]);
    }
    if (items.length === 0) return undefined;
    const data = encodeTree(items);
    const id = objectId(this.#format, "tree", data);
    if (!this.#known.has(id)) this.#objects.new.add("tree", data, id);
    // A folder with an empty one in it is not the tree that it is written as.
    if (!hasEmpty) folder.id = id;
    return id;
  }

  async #read(folder: StagedFolder, options: RequestOptions): Promise<Map<string, StagedItem>> {
    const data = await this.#objects.read(folder.id as ObjectId, "tree", options);
    folder.items ??= this.#itemsOf(data);
    return folder.items;
  }

  #itemsOf(tree: Uint8Array): Map<string, StagedItem> {
    const items = new Map<string, StagedItem>();
    visitTree(this.#format, tree, (name, mode, id) => {
      // What was made here and is in no commit yet is not known to anybody else.
      if (!this.#objects.new.isNew(id)) this.#known.add(id);
      items.set(name, entryType(mode) === "folder" ? new StagedFolder(id) : { mode, id });
    });
    return items;
  }

  /** The folders above a path, read, from the top on. */
  async #way(names: readonly string[], options: RequestOptions, make: boolean): Promise<StagedFolder[]> {
    let folder = this.#top;
    const way = [folder];
    for (const [index, name] of names.slice(0, -1).entries()) {
      const items = await this.items(folder, options);
      let item = items.get(name);
      if (item === undefined && make) {
        item = new StagedFolder(undefined);
        items.set(name, item);
      }
      if (!isFolder(item)) throw inTheWay(names.slice(0, index + 1));
      folder = item;
      way.push(folder);
    }
    await this.items(folder, options);
    return way;
  }
}

function inTheWay(names: readonly string[]): TrunksError {
  return new TrunksError("ALREADY_EXISTS", `${names.join("/")} is a file, not a folder`);
}
