import { MemoryBackend } from "@trunks/core/memory";
import { type Clock, latency } from "@trunks/layers";
import { PackWriter, type Publication, Repository } from "@trunks/repo";

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
      const backend = latency(store, { clock, spread, random });
      const repository = new Repository(backend, {
        now: () => dateOf(clock),
        sleep: (ms, signal) => clock.sleep(ms, signal),
      });
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
