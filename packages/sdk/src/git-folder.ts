import { type RequestOptions, TrunksError } from "@trunks/core";
import {
  decodeText,
  encodeText,
  isObjectId,
  type ObjectId,
  type ObjectType,
  objectId,
  parseTag,
  sortedRefs,
} from "@trunks/repo/client";
import { decodeCommit } from "./commit.ts";
import { decodeLooseObject, encodeLooseObject } from "./loose-object.ts";
import { entryType } from "./mode.ts";
import type { NewObject } from "./new-objects.ts";
import { newObjectsOf } from "./outgoing-pack.ts";
import { branchPrefix, type Session } from "./session.ts";
import { decodeTree } from "./tree.ts";

/**
 * A trunk as the folder of a bare repository: each object a file of its own that is made when it is read, the trunk's refs
 * in `packed-refs`, and the branch that is worked on in its own file, with the commits that are not pushed. Objects that are
 * written become the trunk's when a push needs them; what else is written is kept in memory. Paths are relative to the folder.
 */
export class GitFolder {
  readonly #session: Session;
  readonly #options: RequestOptions;
  readonly #others = new Map<string, Uint8Array>();

  /** The options are those of every request. Throws `NOT_SUPPORTED` for ids that its readers do not know. */
  constructor(session: Session, options: RequestOptions) {
    if (session.format !== "sha1") {
      throw new TrunksError("NOT_SUPPORTED", "isomorphic-git reads repositories with SHA-1 ids only");
    }
    this.#session = session;
    this.#options = options;
  }

  /** `undefined` when there is no such file. */
  async read(path: string): Promise<Uint8Array | undefined> {
    const id = objectOf(path);
    if (id !== undefined) {
      const object = await this.#session.objects.findWhole(id, this.#options);
      return object && encodeLooseObject(object);
    }
    const text = this.#text(path);
    return text === undefined ? this.#others.get(path) : encodeText(text);
  }

  /** Throws `NOT_SUPPORTED` for a ref that is not the branch that is worked on. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const id = objectOf(path);
    const { lock, ref } = this.#session;
    if (id !== undefined) await this.#addObject(id, bytes);
    else if (path === ref) await lock.run(this.#options.signal, () => this.#moveBranch(decodeText(bytes).trim()));
    else if (path === "HEAD" || path === "packed-refs" || path.startsWith("refs/")) {
      if (path !== "HEAD" || decodeText(bytes) !== this.#text(path)) throw notThisWay(path);
    } else this.#others.set(path, bytes.slice());
  }

  async remove(path: string): Promise<boolean> {
    if (this.#text(path) !== undefined || objectOf(path) !== undefined) throw notThisWay(path);
    return this.#others.delete(path);
  }

  /** The names in a folder; `undefined` when there is none. Objects are not listed. */
  names(folder: string): string[] | undefined {
    const prefix = folder === "" ? "" : `${folder}/`;
    const { tip, ref } = this.#session;
    const files = ["HEAD", "config", "packed-refs", ...this.#others.keys(), ...(tip === undefined ? [] : [ref])];
    const below = [...files, ...folders].filter((path) => path.startsWith(prefix) && path !== prefix);
    if (below.length === 0 && !folders.includes(prefix)) return undefined;
    return [...new Set(below.map((path) => path.slice(prefix.length).split("/")[0] as string))];
  }

  /** What is made of the session's state. */
  #text(path: string): string | undefined {
    const { ref, tip, state } = this.#session;
    if (path === "HEAD") return `ref: ${ref}\n`;
    if (path === "config") return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
    if (path === ref) return tip && `${tip}\n`;
    if (path !== "packed-refs") return undefined;
    const lines = sortedRefs(state).map(([name, { id, peeledId }]) => {
      return `${id} ${name}\n${peeledId === undefined ? "" : `^${peeledId}\n`}`;
    });
    return `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`;
  }

  async #addObject(id: string, bytes: Uint8Array): Promise<void> {
    const { type, data } = await decodeLooseObject(bytes);
    if (objectId("sha1", type, data) !== id) {
      throw new TrunksError("INVALID_ARGUMENT", `what was written is not the object ${id}`);
    }
    const { objects } = this.#session;
    objects.new.add(type, data, id);
    objects.new.commit([id]);
  }

  /** Throws `INVALID_ARGUMENT` when an object that this one names is nowhere. */
  async #checkLinks(maker: ObjectId, { type, place }: NewObject): Promise<void> {
    if (type === "blob") return;
    const { objects } = this.#session;
    for (const id of linksOf(type, maker, place as Uint8Array)) {
      if (await objects.has(id, this.#options)) continue;
      throw new TrunksError("INVALID_ARGUMENT", `the ${type} ${maker} names ${id}, which is nowhere`);
    }
  }

  async #moveBranch(id: string): Promise<void> {
    const session = this.#session;
    if (session.hasStaged()) {
      throw new TrunksError("INVALID_ARGUMENT", `${session.branch} cannot be moved: there are staged changes`, {
        hint: "commit or discard them first",
      });
    }
    if (!isObjectId("sha1", id)) throw new TrunksError("INVALID_ARGUMENT", `${JSON.stringify(id)} is no commit's id`);
    for (const [maker, object] of newObjectsOf(session, id)) await this.#checkLinks(maker, object);
    await session.moveTo(id, session.base, this.#options);
    // That an object is there does not prove that a ref leads to it.
    session.unproved = id !== session.base;
  }
}

const folders = ["objects/pack/", "objects/info/", branchPrefix, "refs/tags/", "refs/remotes/"];

function linksOf(type: ObjectType, id: ObjectId, data: Uint8Array): ObjectId[] {
  if (type === "tag") return [parseTag("sha1", data).object];
  if (type === "commit") {
    const { tree, parents } = decodeCommit("sha1", id, data);
    return [tree, ...parents];
  }
  const items = [...decodeTree("sha1", data).values()];
  return items.flatMap((item) => (entryType(item.mode) === "submodule" ? [] : [item.id]));
}

function objectOf(path: string): string | undefined {
  const [, head, tail] = /^objects\/([0-9a-f]{2})\/([0-9a-f]{38})$/.exec(path) ?? [];
  return head === undefined ? undefined : `${head}${tail}`;
}

function notThisWay(path: string): TrunksError {
  return new TrunksError("NOT_SUPPORTED", `${path} cannot be written this way`, {
    hint: "branches and tags are made and moved by `trunk.branches` and `trunk.tags`",
  });
}
