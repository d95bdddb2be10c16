import { type RequestOptions, TrunksError } from "@trunks/core";
import { encodeText, isRefName, type ObjectId, sortedRefs } from "@trunks/repo/client";
import { type Identity, identityLine } from "./identity.ts";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { cleanMessage } from "./message.ts";
import { publishMoves } from "./publish.ts";
import { reachableCommit } from "./reachable.ts";
import type { OpenSession, Session } from "./session.ts";

/** A tag, in the shape that the command line prints. */
export interface Tag {
  readonly object: "tag";
  /** Without `refs/tags/`. */
  readonly name: string;
  /** What the ref points to: a tag's object, or what is tagged. */
  readonly id: ObjectId;
  /** What is tagged in the end. */
  readonly target_id: ObjectId;
  /** Whether it has a message and a tagger. */
  readonly annotated: boolean;
}

/** Which tag is meant. */
export interface TagOptions extends RequestOptions {
  /** The tag, without `refs/tags/`. */
  readonly name: string;
}

/** A new tag: what it names, and what it says. */
export interface CreateTagOptions extends TagOptions {
  /** A branch, a tag, a commit that the trunk has. Default: the last pushed commit of the branch one stands on. */
  readonly from?: string;
  /** Makes it an annotated tag. */
  readonly message?: string;
  /** Who tags. Default: the committer given when the trunk was opened. */
  readonly tagger?: Identity;
}

/** What is changed of a tag. */
export interface UpdateTagOptions extends Omit<CreateTagOptions, "from"> {
  /** Default: what it points to already. */
  readonly to?: string;
}

const tagPrefix = "refs/tags/";

/** The tags of a trunk. Each change is one push. */
export class Tags {
  readonly #session: OpenSession;

  /** The session is asked for by each call. */
  constructor(session: OpenSession) {
    this.#session = session;
  }

  /** All tags, as the trunk was read last; by name. */
  async list(options: PageOptions & RequestOptions = {}): Promise<ListAnswer<Tag>> {
    const { state } = await this.#session(options);
    const tags = sortedRefs(state).flatMap(([ref, { id, peeledId }]) =>
      ref.startsWith(tagPrefix) ? [tagOf(ref.slice(tagPrefix.length), id, peeledId)] : [],
    );
    return listPage(tags, options);
  }

  /** Throws `NOT_FOUND`. */
  async get({ name, signal }: TagOptions): Promise<Tag> {
    const found = (await this.#session({ signal })).state.refs.get(tagPrefix + name);
    if (found === undefined) throw noTag(name);
    return tagOf(name, found.id, found.peeledId);
  }

  /** Makes a tag in the trunk. Throws `ALREADY_EXISTS`, and `NOT_FOUND` for a commit that the trunk does not have. */
  async create({ name, signal, ...options }: CreateTagOptions): Promise<Tag> {
    const session = await this.#session({ signal });
    return session.lock.run(signal, async () => {
      const ref = tagPrefix + name;
      if (!isRefName(ref)) throw new TrunksError("INVALID_ARGUMENT", `${JSON.stringify(name)} cannot be a tag's name`);
      if (session.state.refs.has(ref)) throw new TrunksError("ALREADY_EXISTS", `there is a tag ${name} already`);
      return publishTag(session, name, undefined, { ...options, signal });
    });
  }

  /** Points a tag to another commit, or gives it another message. Clones that have the tag keep the old one. Throws `NOT_FOUND`. */
  async update({ name, to, signal, ...options }: UpdateTagOptions): Promise<Tag> {
    const session = await this.#session({ signal });
    return session.lock.run(signal, async () => {
      const old = session.state.refs.get(tagPrefix + name);
      if (old === undefined) throw noTag(name);
      return publishTag(session, name, old.id, { ...options, from: to ?? old.peeledId ?? old.id, signal });
    });
  }

  /** Takes a tag out of the trunk. Throws `NOT_FOUND`. */
  async delete({ name, signal }: TagOptions): Promise<void> {
    const session = await this.#session({ signal });
    await session.lock.run(signal, async () => {
      const ref = tagPrefix + name;
      const oldId = session.state.refs.get(ref)?.id;
      if (oldId === undefined) throw noTag(name);
      await publishMoves(session, [{ ref, oldId, newId: undefined }], { signal });
    });
  }
}

async function publishTag(
  session: Session,
  name: string,
  oldId: ObjectId | undefined,
  { from, message, tagger, signal }: Omit<CreateTagOptions, "name">,
): Promise<Tag> {
  const target = await reachableCommit(session, from ?? session.remoteTip, { signal });
  const newId = message === undefined ? target : addTag(session, name, target, message, tagger ?? session.committer);
  const peeled = newId === target ? {} : { peeledId: target };
  if (newId !== oldId) await publishMoves(session, [{ ref: tagPrefix + name, oldId, newId, ...peeled }], { signal });
  return tagOf(name, newId, peeled.peeledId);
}

/** As `git tag -a -m` makes it. */
function addTag(session: Session, name: string, target: ObjectId, message: string, tagger: Identity): ObjectId {
  const line = identityLine(tagger);
  const head = encodeText(`object ${target}\ntype commit\ntag ${name}\ntagger `);
  const tail = encodeText(`\n\n${cleanMessage(message)}`);
  const id = session.objects.new.add("tag", new Uint8Array([...head, ...line, ...tail]));
  session.objects.new.commit([id]);
  return id;
}

function tagOf(name: string, id: ObjectId, peeledId: ObjectId | undefined): Tag {
  return { object: "tag", name, id, target_id: peeledId ?? id, annotated: peeledId !== undefined };
}

function noTag(name: string): TrunksError {
  return new TrunksError("NOT_FOUND", `the trunk has no tag ${JSON.stringify(name)}`);
}
