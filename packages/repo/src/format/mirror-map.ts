import type { LineReader } from "./line-reader.ts";

/** A store that holds the trunk, as the trunk's journal knows it. */
export interface Place {
  /** Unique among the places of a trunk: lower-case letters, digits and `-`, a letter first. */
  readonly name: string;
  /** The trunk's URL in that store, without secrets. */
  readonly url: string;
}

/** A copy of the trunk. A push must reach a strict one; a lagging one is brought up afterwards, if it can be. */
export interface Mirror extends Place {
  readonly mode: "strict" | "lagging";
}

/** Where a trunk is kept. Empty for one that has no mirrors and never had. */
export interface MirrorMap {
  /** The store whose journal decides. */
  readonly primary: Place | undefined;
  /** By name, in their byte order. */
  readonly mirrors: ReadonlyMap<string, Mirror>;
}

/** What a record changes in the map: applied in the order of these fields. */
export interface MapChange {
  readonly removed: readonly string[];
  readonly mirrors: readonly Mirror[];
  readonly primary: Place | undefined;
}

/**
 * Whether a place is no store but a Git repository, whose branches and tags follow the trunk's: `git+https://…`,
 * `git+ssh://…`, `git+file://…`. It holds no journal, so it never is the primary.
 */
export function isFollower({ url }: Place): boolean {
  return url.startsWith("git+");
}

export const emptyMap: MirrorMap = { primary: undefined, mirrors: new Map() };

/** A map has no more mirrors. */
export const maxMirrors = 16;
/** In characters, all of them ASCII. */
const maxUrlLength = 2048;

/** The map behind a record that says `change`. */
export function changedMap(map: MirrorMap, change: MapChange): MirrorMap {
  const mirrors = new Map(map.mirrors);
  for (const name of change.removed) mirrors.delete(name);
  for (const mirror of change.mirrors) mirrors.set(mirror.name, mirror);
  const { primary = map.primary } = change;
  // The primary is no copy of itself.
  if (primary !== undefined) mirrors.delete(primary.name);
  return { primary, mirrors: new Map([...mirrors].sort(([left], [right]) => (left < right ? -1 : 1))) };
}

export function mapChangeLines(change: MapChange | undefined): string[] {
  if (change === undefined) return [];
  return [
    ...change.removed.map((name) => `unmirror ${name}`),
    ...change.mirrors.map(mirrorLine),
    ...primaryLines(change.primary),
  ];
}

/** Reads what `mapChangeLines` wrote; `undefined` when there is nothing. */
export function readMapChange(reader: LineReader): MapChange | undefined {
  const removed = reader.many("unmirror").map((name) => readName(name, reader));
  const mirrors = readMirrors(reader);
  const primary = readPrimary(reader);
  if (removed.length === 0 && mirrors.length === 0 && primary === undefined) return undefined;
  return { removed, mirrors, primary };
}

export function mapLines(map: MirrorMap): string[] {
  return [...[...map.mirrors.values()].map(mirrorLine), ...primaryLines(map.primary)];
}

/** Reads what `mapLines` wrote. */
export function readMap(reader: LineReader): MirrorMap {
  const mirrors = readMirrors(reader);
  const primary = readPrimary(reader);
  for (const [index, { name }] of mirrors.entries()) {
    if (index > 0 && name <= (mirrors[index - 1]?.name ?? "")) reader.fail("its mirrors are out of order");
    if (name === primary?.name) reader.fail("its primary is a mirror of itself");
  }
  return { primary, mirrors: new Map(mirrors.map((mirror) => [mirror.name, mirror])) };
}

export function readName(text: string, reader: LineReader): string {
  return /^[a-z][a-z0-9-]{0,62}$/.test(text) ? text : reader.fail(`${JSON.stringify(text.slice(0, 70))} is no name`);
}

function mirrorLine({ name, mode, url }: Mirror): string {
  return `mirror ${name} ${mode} ${url}`;
}

function primaryLines(primary: Place | undefined): string[] {
  return primary === undefined ? [] : [`primary ${primary.name} ${primary.url}`];
}

function readMirrors(reader: LineReader): Mirror[] {
  const mirrors = reader.many("mirror").map((text): Mirror => {
    const [name, mode, url] = reader.fields(text, 3) as [string, string, string];
    if (mode !== "strict" && mode !== "lagging") return reader.fail("a mirror is neither strict nor lagging");
    return { name: readName(name, reader), mode, url: readUrl(url, reader) };
  });
  if (mirrors.length > maxMirrors) reader.fail(`it names more than ${maxMirrors} mirrors`);
  if (new Set(mirrors.map(({ name }) => name)).size < mirrors.length) reader.fail("it names a mirror twice");
  return mirrors;
}

function readPrimary(reader: LineReader): Place | undefined {
  const text = reader.optional("primary");
  if (text === undefined) return undefined;
  const [name, url] = reader.fields(text, 2) as [string, string];
  return { name: readName(name, reader), url: readUrl(url, reader) };
}

/** A store's URL in visible ASCII. One with a password in it never comes into a journal: everyone can read that. */
function readUrl(text: string, reader: LineReader): string {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/.test(text) && text.length <= maxUrlLength;
  if (!isUrl) return reader.fail("a place has no URL");
  return /^[^:]+:\/\/[^/?#@]*:[^/?#]*@/.test(text) ? reader.fail("the URL of a place has a password in it") : text;
}
