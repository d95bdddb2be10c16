import { type RefUpdate, undoneEntryId } from "@trunks/repo";

/** One ref's change, as the log tells it. */
export interface RefUpdateAnswer {
  readonly object: "ref_update";
  /** `HEAD`, or a ref's full name. */
  readonly ref: string;
  /** Null: it was made then. Of HEAD, names of refs. */
  readonly old: string | null;
  /** Null: it was deleted then. */
  readonly new: string | null;
  readonly entry_id: string;
  readonly slot: number;
  /** By the clock of whoever pushed; null when it says nothing sensible. */
  readonly time: string | null;
  readonly author: string | null;
  readonly push_options: readonly string[];
  /** The push that this one undid. */
  readonly undid?: string;
}

export function refUpdateAnswer({ log, ref, oldValue, newValue }: RefUpdate): RefUpdateAnswer {
  const { entry, slot } = log;
  const undid = undoneEntryId(entry);
  return {
    object: "ref_update",
    ref,
    old: oldValue ?? null,
    new: newValue ?? null,
    entry_id: entry.id,
    slot,
    time: timeText(entry.timeMs),
    author: entry.author ?? null,
    push_options: entry.options,
    ...(undid !== undefined && { undid }),
  };
}

/** Digits of ids in texts for people. */
export const shortIdLength = 12;

/** A line of a table. */
export function refUpdateCells(update: RefUpdateAnswer): string[] {
  const id = update.entry_id.slice(0, shortIdLength);
  const time = (update.time ?? "").replace(/\.[0-9]+Z$/, "Z");
  const undid = update.undid === undefined ? "" : `undid ${update.undid.slice(0, shortIdLength)}`;
  return [id, time, printable(update.author ?? ""), printable(shortRef(update.ref)), changeText(update), undid];
}

/** `created a1b2…`, `deleted, was a1b2…`, `a1b2… -> c3d4…`. */
export function changeText({ old, new: now }: Pick<RefUpdateAnswer, "old" | "new">): string {
  if (old === null) return `created ${shortValue(now ?? "")}`;
  if (now === null) return `deleted, was ${shortValue(old)}`;
  return `${shortValue(old)} -> ${shortValue(now)}`;
}

/** The full name of a ref that was named in short: a branch, unless it says otherwise. */
export function fullRef(name: string): string {
  return name === "HEAD" || name.startsWith("refs/") ? name : `refs/heads/${name}`;
}

export function shortRef(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

function shortValue(value: string): string {
  return /^[0-9a-f]{40,64}$/.test(value) ? value.slice(0, shortIdLength) : printable(shortRef(value));
}

/** Others wrote it: a terminal must not obey it. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

function timeText(timeMs: number): string | null {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
