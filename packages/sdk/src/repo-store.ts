import { TrunksError } from "@trunks/core";
import type { Settings, Storage } from "@trunks/location";
import type { Clone } from "./clone.ts";
import { type Surroundings, surroundingsOf } from "./open.ts";
import type { RepoStore } from "./repos.ts";
import type { SessionOptions } from "./session.ts";

/** Which store is meant. */
interface StoreOptions extends Surroundings {
  /** A trunk in it. */
  readonly url?: string;
  /** A storage's name, or the store's own URL. */
  readonly storage?: string;
  readonly settings?: Settings;
  readonly session: SessionOptions;
}

/** Opens the store that repositories are in. Throws `NOT_FOUND` when nothing says which. */
export async function openRepoStore(clone: Clone | undefined, options: StoreOptions): Promise<RepoStore> {
  const [location, { retry, scope }] = await Promise.all([import("@trunks/location"), import("./layers.ts")]);
  const { session } = options;
  const surroundings = surroundingsOf(options);
  const settings = options.settings ?? clone?.settings;
  const wanted = options.storage ?? nameOf(options.url ?? clone?.url) ?? settings?.defaultStorage;
  if (wanted === undefined) {
    throw new TrunksError("NOT_FOUND", "nothing says in which store the repositories are", {
      hint: "say `{ storage }`, a storage's name or a store's URL",
    });
  }
  const storage = wanted.includes("://")
    ? bare(wanted)
    : location.resolveStorage(wanted, settings?.storages ?? {}, surroundings.environment);
  if (storage === undefined) throw new TrunksError("NOT_FOUND", `there is no storage called ${wanted} here`);
  const { backend } = await location.openRoot(storage, { ...surroundings, settings });
  const patient = retry(backend);
  return {
    backend: patient,
    scoped: (name) => scope(patient, location.trunkPrefix(name)),
    url: (name) => location.placeUrl(storage, location.trunkPrefix(name)),
    session,
  };

  /** The storage, or the store's URL, that a trunk's URL has in it. */
  function nameOf(url: string | undefined): string | undefined {
    const found = url === undefined ? undefined : location.parseLocation(url);
    return found?.kind === "url" ? found.root.href : found?.storage;
  }
}

function bare(url: string): Storage {
  return { url, options: {}, secrets: {} };
}
