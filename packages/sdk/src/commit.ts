import { TrunksError } from "@trunks/core";
import { decodeText, encodeText, isObjectId, type ObjectFormat, type ObjectId } from "@trunks/repo/client";
import { type Identity, identityLine } from "./identity.ts";

/** Who and when, as a commit has it. */
export interface Signature {
  /** As git has it. */
  readonly name: string;
  /** As git has it; need not be an address. */
  readonly email: string;
  /** As in `2026-11-21T14:30:00+01:00`. */
  readonly date: string;
}

/** A commit, in the shape that the command line prints. */
export interface Commit {
  readonly object: "commit";
  /** The commit's own id. */
  readonly id: ObjectId;
  /** The tree of its files. */
  readonly tree: ObjectId;
  /** The commits that it follows; none for a first one. */
  readonly parents: readonly ObjectId[];
  /** Who made the change, and when. */
  readonly author: Signature;
  /** Who made the commit, and when. */
  readonly committer: Signature;
  /** All of it, with the line feed that ends it. */
  readonly message: string;
}

export interface CommitContent {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly author: Identity;
  readonly committer: Identity;
  /** As it shall stand there. */
  readonly message: string;
}

/** The bytes of a commit, as git writes them. */
export function encodeCommit({ tree, parents, author, committer, message }: CommitContent): Uint8Array {
  const parts = [
    encodeText(`tree ${tree}\n${parents.map((id) => `parent ${id}\n`).join("")}author `),
    identityLine(author),
    encodeText("\ncommitter "),
    identityLine(committer),
    encodeText(`\n\n${message}`),
  ];
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/** Reads a commit, also one that another tool wrote loosely. Throws `CORRUPT` for what is none. */
export function decodeCommit(format: ObjectFormat, id: ObjectId, data: Uint8Array): Commit {
  const end = headerEnd(data);
  const header = decodeText(data.subarray(0, end));
  const fields = header.split("\n").filter((line) => !line.startsWith(" "));
  const values = (name: string) =>
    fields.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [tree = ""] = values("tree");
  const parents = values("parent");
  for (const link of [tree, ...parents]) {
    if (!isObjectId(format, link)) throw new TrunksError("CORRUPT", `commit ${id} has a link that is no object's id`);
  }
  return {
    object: "commit",
    id,
    tree,
    parents,
    author: decodeSignature(values("author")[0]),
    committer: decodeSignature(values("committer")[0]),
    message: decodeMessage(data.subarray(end + 2), values("encoding")[0]),
  };
}

/** Seconds since 1970 at which it was committed, for putting commits in order. */
export function commitSeconds(commit: Commit): number {
  return Date.parse(commit.committer.date) / 1000 || 0;
}

/** Where the empty line begins. */
function headerEnd(data: Uint8Array): number {
  for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) if (data[at + 1] === 10) return at;
  return data.length;
}

function decodeSignature(text = ""): Signature {
  const found = /^(.*?) ?<([^>]*)>(?: (-?\d+) ([+-]\d{4}))?/s.exec(text);
  const [, name = "", email = "", seconds = "0", zone = "+0000"] = found ?? [];
  return { name, email, date: isoDate(Number(seconds), zone) };
}

/** As git's `%aI`. */
function isoDate(seconds: number, zone: string): string {
  const offset = (zone.startsWith("-") ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5)));
  const local = new Date((seconds + offset * 60) * 1000);
  const text = Number.isNaN(local.getTime()) ? "1970-01-01T00:00:00" : local.toISOString().slice(0, 19);
  return `${text}${zone.slice(0, 3)}:${zone.slice(3, 5)}`;
}

function decodeMessage(bytes: Uint8Array, encoding: string | undefined): string {
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return decodeText(bytes);
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return decodeText(bytes); // An encoding that nobody knows.
  }
}
