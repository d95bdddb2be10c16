import { type FetchQuestion, noFilter, parseObjectFilter } from "@trunks/repo";

/** A request for objects that needs no git to be answered. */
export interface FetchRequest {
  readonly question: FetchQuestion;
  /** Of the blobs only those whose paths match the patterns of this blob, an id or `main:patterns`. */
  readonly patterns: string | undefined;
  /** The reader has nothing more to say. */
  readonly done: boolean;
  /** The reader's history is cut, or shall be: the answer says where. */
  readonly tellsEnds: boolean;
}

/** What `--unshallow` asks for. */
const wholeHistory = 2_147_483_647;

/**
 * Reads the lines of a `fetch`; `undefined` when there is something among them that stock git has to answer: a history without
 * the parts of other refs, a filter by types, or all of the history, for which all packs are wanted anyway. Source:
 * gitprotocol-v2.
 */
export function parseFetchRequest(lines: readonly string[]): FetchRequest | undefined {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const [word = "", ...rest] = line.split(" ");
    values.set(word, [...(values.get(word) ?? []), rest.join(" ")]);
  }
  const known = [...values.keys()].every(
    (word) => plainWords.has(word) || /^(command|agent|object-format)=/.test(word),
  );
  if (!known || !values.has("ofs-delta") || !values.has("want")) return undefined;
  const filterText = values.get("filter")?.at(-1);
  const patterns = /^sparse:oid=(.+)$/.exec(filterText ?? "")?.[1];
  const isPlain = filterText === undefined || patterns !== undefined;
  const filter = isPlain ? noFilter : parseObjectFilter(filterText);
  const depth = readDepth(values);
  if (filter === undefined || depth === "unknown") return undefined;
  const ownEnds = values.get("shallow") ?? [];
  return {
    question: {
      wants: [...new Set(values.get("want"))],
      haves: values.get("have") ?? [],
      ownEnds,
      depth,
      filter,
      includeTags: values.has("include-tag"),
    },
    patterns,
    done: values.has("done"),
    tellsEnds: depth !== undefined || ownEnds.length > 0,
  };
}

const plainWords: ReadonlySet<string> = new Set([
  "thin-pack",
  "no-progress",
  "include-tag",
  "ofs-delta",
  "want",
  "have",
  "done",
  "shallow",
  "deepen",
  "deepen-relative",
  "deepen-since",
  "filter",
]);

function readDepth(values: ReadonlyMap<string, readonly string[]>): FetchQuestion["depth"] | "unknown" {
  const [deepen] = values.get("deepen") ?? [];
  const [since] = values.get("deepen-since") ?? [];
  if (deepen !== undefined && since !== undefined) return "unknown";
  if (since !== undefined) return { kind: "since", timeSeconds: Number(since) };
  if (deepen === undefined) return undefined;
  const generations = Number(deepen);
  if (!(generations >= 1 && generations < wholeHistory)) return "unknown";
  return { kind: values.has("deepen-relative") ? "relative" : "depth", generations };
}
