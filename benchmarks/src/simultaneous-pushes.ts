import { MemoryBackend } from "@trunks/core/memory";
import { type Clock, latency } from "@trunks/layers";
import { PackWriter, type Publication, Repository, type State } from "@trunks/repo";

/** What a crowd of pushes took. */
export interface Crowd {
  /** How long each push took from its first request to its outcome, in milliseconds. */
  readonly timesMs: readonly number[];
  /** Records in the journal for all of them. */
  readonly records: number;
}

/** How far the times of requests vary around their medians: see `latency`. */
const spread = 0.4;

/**
 * `count` clients, each of which holds the newest state, push one commit each to a branch of their own; each begins after a
 * delay of its own, in milliseconds. A store of the latencies that are the layer's defaults, varied by `random`.
 */
export async function pushCrowd(
  clock: Clock,
  count: number,
  delayMs: () => number,
  random: () => number,
): Promise<Crowd> {
  const store = new MemoryBackend({ now: () => dateOf(clock) });
  const first = new Repository(store);
  await first.create();
  await publishCommit(first, "main", 0);
  const slotBefore = first.known?.slot ?? 0;
  const timesMs = await Promise.all(
    Array.from({ length: count }, async (_, client) => {
      await clock.sleep(delayMs());
      const repository = clientOf(clock, store, random);
      await repository.readExisting();
      await repository.read({ forPush: true });
      const startMs = clock.now();
      await publishCommit(repository, `client-${client}`, client + 1);
      const timeMs = clock.now() - startMs;
      await repository.maintain();
      return timeMs;
    }),
  );
  const state = await first.readExisting();
  if (state.refs.size !== count + 1) throw new Error(`${state.refs.size - 1} of ${count} branches are there`);
  return { timesMs, records: state.slot - slotBefore };
}

/** What it took until the last of many had pushed to one branch, in milliseconds. */
export interface SharedBranch {
  readonly timeMs: number;
  /** Records in the journal. */
  readonly records: number;
  /** Pushes that were told to fetch first. */
  readonly refused: number;
}

/**
 * `count` writers with one commit each to the same branch: each fetches, merges and pushes, again and again until it is in, all
 * at once or one after the other. Throws unless every commit is in the branch's history exactly once.
 */
export async function pushToOneBranch(
  clock: Clock,
  count: number,
  random: () => number,
  together: boolean,
): Promise<SharedBranch> {
  const store = new MemoryBackend({ now: () => dateOf(clock) });
  const first = new Repository(store);
  await first.create();
  await publishCommit(first, "main", 0);
  /** For each merge, what was merged and whose commit. */
  const history = new Map<string, { readonly parent: string; readonly writer: number }>();
  let refused = 0;
  let merges = 0;
  const begin = async (writer: number) => {
    const repository = clientOf(clock, store, random);
    await repository.readExisting();
    for (;;) {
      const state = (await repository.read()) ?? (await repository.readExisting());
      const parent = state.refs.get(sharedRef)?.id as string;
      const { pack, commit } = await commitPack(1000 + merges++);
      history.set(commit, { parent, writer });
      const moves = [{ ref: sharedRef, oldId: parent, newId: commit }];
      const outcome = await repository.publish({ moves, basis: state.slot, assumed: [parent], pack });
      if (outcome.kind === "decided" && outcome.moves[0] === "applied") return repository.maintain();
      refused++;
    }
  };
  const startMs = clock.now();
  const writers = Array.from({ length: count }, (_, writer) => writer);
  if (together) await Promise.all(writers.map(begin));
  else for (const writer of writers) await begin(writer);
  const timeMs = clock.now() - startMs;
  const state = await first.readExisting();
  const found: number[] = [];
  for (let at = history.get(tipOf(state)); at !== undefined; at = history.get(at.parent)) found.push(at.writer);
  if (found.toSorted((left, right) => left - right).join() !== writers.join()) throw new Error(`in are ${found}`);
  return { timeMs, records: state.slot, refused };
}

const sharedRef = "refs/heads/main";

function tipOf(state: State): string {
  return state.refs.get(sharedRef)?.id as string;
}

function clientOf(clock: Clock, store: MemoryBackend, random: () => number): Repository {
  return new Repository(latency(store, { clock, spread, random }), {
    now: () => dateOf(clock),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  });
}

function dateOf(clock: Clock): number {
  return Math.floor(1_700_000_000_000 + clock.now());
}

/** Pushes a new commit with one file to a new branch. */
async function publishCommit(repository: Repository, branch: string, number: number): Promise<void> {
  const { pack, commit } = await commitPack(number);
  const publication: Publication = {
    moves: [{ ref: `refs/heads/${branch}`, oldId: undefined, newId: commit }],
    basis: repository.known?.slot ?? -1,
    assumed: [],
    pack,
  };
  const outcome = await repository.publish(publication);
  if (outcome.kind !== "decided" || outcome.moves[0] !== "applied") throw new Error(`${branch} was not pushed`);
}

async function commitPack(number: number) {
  const chunks: Uint8Array[] = [];
  const writer = new PackWriter("sha1", 3, async (bytes) => void chunks.push(bytes));
  const text = (content: string) => new TextEncoder().encode(content);
  const blob = await writer.add({ type: "blob", data: text(`change ${number}\n`) });
  const tree = await writer.add({
    type: "tree",
    data: Buffer.concat([text("100644 file\0"), Buffer.from(blob, "hex")]),
  });
  const who = `A <a@example.org> ${1_700_000_000 + number} +0000`;
  const commit = await writer.add({
    type: "commit",
    data: text(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nChange ${number}\n`),
  });
  await writer.finish();
  return { pack: { kind: "inline", bytes: new Uint8Array(Buffer.concat(chunks)), objectCount: 3 } as const, commit };
}
