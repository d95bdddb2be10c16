import { type Backend, listPages } from "@trunks/core";
import type { CataloguePack, Segment, State } from "@trunks/repo";
import { type Problem, problem } from "./problem.ts";

/** The keys that a trunk may have. Source: docs/format.md, 2. */
const keyPatterns = [
  /^trunk\.json$/,
  /^(latest|place)$/,
  /^journal\/[0-9]{15}$/,
  /^objects\/[0-9a-f]{32}\.(pack|idx|rev)$/,
  /^chunks\/[0-9a-f]{32}\.(pack|idx)$/,
  /^refs\/[0-9]{15}-[0-9a-f]{32}$/,
  /^(intents|doomed)\/[0-9a-f]{32}$/,
];
const lastSlot = 999_999_999_999_999;

/**
 * Holds the trunk's keys against its state, by their sizes and without reading what is under them: every pack of the
 * catalogue is there, no slot of the journal is empty, and nothing else lies around.
 */
export async function checkKeys(backend: Backend, state: State, signal: AbortSignal): Promise<Problem[]> {
  const sizes = await listSizes(backend, signal);
  const wanted = [...wantedSizes(state), ...slotKeys(state).map((key) => [key, undefined] as const)];
  const problems: Problem[] = [];
  for (const [key, size] of wanted) {
    // A list may be late; only a key that cannot be read is missing.
    const found = sizes.get(key) ?? (await readSize(backend, key, signal));
    if (found === undefined) problems.push(problem("error", "MISSING", key, "is not in the store"));
    else if (size !== undefined && found !== size) {
      problems.push(problem("error", "WRONG_SIZE", key, `has ${found} bytes instead of ${size}`));
    }
  }
  return [...problems, ...needless([...sizes.keys()], state)];
}

function* wantedSizes(state: State): Generator<readonly [string, number | undefined]> {
  yield ["trunk.json", undefined];
  for (const { name, pack } of state.packs.values()) {
    if (name.kind === "segment" || name.kind === "container") {
      const folder = name.kind === "segment" ? "objects" : "chunks";
      yield [`${folder}/${name.id}.pack`, pack.size];
      yield [`${folder}/${name.id}.idx`, (pack as Segment).indexSize];
    } else if (name.kind === "intent") yield [`intents/${name.id}`, undefined];
  }
}

function slotKeys(state: State): string[] {
  return Array.from({ length: state.slot + 1 }, (_, slot) => `journal/${String(lastSlot - slot).padStart(15, "0")}`);
}

function needless(keys: readonly string[], state: State): Problem[] {
  const named = new Set<string>();
  const add = ({ name }: Pick<CataloguePack, "name">) => name.kind !== "record" && named.add(name.id);
  for (const pack of state.packs.values()) add(pack);
  for (const pack of state.retired.values()) add(pack);
  return keys.flatMap((key) => {
    if (!keyPatterns.some((pattern) => pattern.test(key))) {
      return [problem("warning", "UNKNOWN_KEY", key, "is no part of a trunk")];
    }
    const pack = /^(?:objects|chunks|intents)\/([0-9a-f]{32})/.exec(key)?.[1];
    if (pack === undefined || named.has(pack) || state.doomed.has(key)) return [];
    return [problem("warning", "UNREFERENCED", key, "belongs to a push that did not end, or has not yet")];
  });
}

async function listSizes(backend: Backend, signal: AbortSignal): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const page of listPages(backend, "", { signal })) for (const { key, size } of page) sizes.set(key, size);
  return sizes;
}

async function readSize(backend: Backend, key: string, signal: AbortSignal): Promise<number | undefined> {
  const content = await backend.get(key, { range: { start: 0, end: 1 }, signal });
  await content?.cancel();
  return content?.totalSize;
}
