import type { Backend } from "@trunks/core";
import { TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import type { Mirror, Place } from "../../src/format/mirror-map.ts";
import type { State } from "../../src/format/state.ts";
import { addMirror } from "../../src/mirror/change.ts";
import type { Sighting, SightingCache } from "../../src/mirror/sighting.ts";
import { Repository } from "../../src/repository.ts";
import type { StateCache } from "../../src/state-cache.ts";
import { oid } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";

/** One request to one store. */
interface PlaceRequest {
  readonly place: string;
  readonly operation: string;
  readonly key: string;
}

/** Decides over a request: throws what goes wrong with it, now, or answers what goes wrong once it was done. */
export type Weather = (request: PlaceRequest) => Promise<undefined | (() => never)>;

/** Stores by name, and clients that reach them through whatever goes wrong. */
export class Places {
  readonly stores = new Map<string, MemoryBackend>();
  /** All requests of all clients, in their order. */
  readonly requests: string[] = [];
  /** Stores that do not answer, and those that take nothing. */
  readonly down = new Set<string>();
  readonly readOnly = new Set<string>();
  weather: Weather = async () => undefined;
  readonly warnings: string[] = [];
  /** The clock of all stores and clients, in milliseconds since 1970. */
  now = Date.now;

  constructor(names: readonly string[]) {
    for (const name of names) this.stores.set(name, new MemoryBackend());
  }

  store(name: string): MemoryBackend {
    return this.stores.get(name) as MemoryBackend;
  }

  /** A client's way to a store. */
  open(name: string, told = true): Backend {
    const client = new MemoryBackend({ storeOf: this.store(name), now: () => this.now() });
    return visited(client, async ({ operation, key }, send) => {
      if (told) this.requests.push(`${name}: ${operation} ${key.replace(/[0-9a-f]{32}/, "<id>")}`);
      if (this.down.has(name)) throw new TrunksError("UNAVAILABLE", `${name} is away`, { retryable: true });
      const isWrite = operation === "create" || operation === "put" || operation === "delete";
      if (isWrite && this.readOnly.has(name)) throw new TrunksError("PERMISSION_DENIED", `${name} takes nothing`);
      const after = await this.weather({ place: name, operation, key });
      const answer = await send();
      after?.();
      return answer;
    });
  }

  /** A client of the trunk in the store of that name. */
  repository(name = "primary", cache?: StateCache, sightings?: SightingCache): Repository {
    return new Repository(this.open(name), {
      cache,
      sightings,
      openPlace: async (place) => this.open(place.name),
      sleep: async () => {},
      now: () => this.now(),
      warn: (message) => this.warnings.push(message),
    });
  }

  place(name: string): Place {
    return { name, url: `local:///${name}/trunks/app.trunk` };
  }

  mirror(name: string, mode: Mirror["mode"] = "strict"): Mirror {
    return { ...this.place(name), mode };
  }

  /** Makes the trunk, with a push in it, and its mirrors. */
  async begin(strict: readonly string[], lagging: readonly string[] = []): Promise<Repository> {
    const repository = this.repository();
    await repository.create();
    await push(repository, "refs/heads/main", 1);
    for (const name of strict) await addMirror(repository, this.mirror(name), this.place("primary"));
    for (const name of lagging) await addMirror(repository, this.mirror(name, "lagging"), this.place("primary"));
    this.requests.length = 0;
    return repository;
  }

  /** All that lies in a store, but what it says of itself. */
  async content(name: string): Promise<Map<string, string>> {
    const store = this.store(name);
    const keys = (await store.list("")).keys.map(({ key }) => key).filter((key) => key !== "place");
    const pairs = keys.map(async (key) => {
      const bytes = (await (await store.get(key))?.bytes()) as Uint8Array;
      return [key, Buffer.from(bytes).toString("latin1")] as const;
    });
    return new Map(await Promise.all(pairs));
  }

  /** How many slots are filled in a store. */
  async slots(name: string): Promise<number> {
    return (await this.store(name).list("journal/")).keys.length;
  }
}

/** Sets a ref to a made-up object, with a small pack, as a helper does: reads, then publishes. */
export async function push(repository: Repository, ref: string, number: number, large = false) {
  const state = (await repository.read({ forPush: true })) as State;
  return publish(repository, state, ref, number, large);
}

export function publish(repository: Repository, state: State, ref: string, number: number, large = false) {
  const bytes = new TextEncoder().encode(`PACK ${ref} ${number}`);
  return repository.publish({
    moves: [{ ref, oldId: state.refs.get(ref)?.id, newId: oid(number) }],
    basis: state.slot,
    assumed: "*",
    pack: large
      ? { kind: "segments", segments: [{ pack: bytes, index: Uint8Array.of(1, 2), objectCount: 1 }] }
      : { kind: "inline", bytes, objectCount: 1 },
  });
}

/** A cache as a clone has it, for processes that come one after the other. */
export function memoryCache(): StateCache {
  let kept: Uint8Array | undefined;
  return {
    load: async () => kept,
    save: async (bytes) => {
      kept = bytes;
    },
  };
}

/** What a clone has seen of trunks, by all its remotes. */
export function memorySightings(): SightingCache {
  const kept = new Map<string, Sighting>();
  return {
    load: async (trunkId) => kept.get(trunkId),
    save: async (trunkId, sighting) => void kept.set(trunkId, sighting),
  };
}
