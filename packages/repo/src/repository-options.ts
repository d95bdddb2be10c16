import type { RequestOptions } from "@trunks/core";
import type { Sleep } from "./journal/sleep.ts";
import type { LargeSettings } from "./large/large-upload.ts";
import type { OpenFollower } from "./mirror/follower.ts";
import type { OpenPlace } from "./mirror/place.ts";
import type { SightingCache } from "./mirror/sighting.ts";
import type { ObjectFormat } from "./pack/object-format.ts";
import type { StateCache } from "./state-cache.ts";

export interface RepositoryOptions {
  readonly cache?: StateCache;
  /** What the client has seen of the trunk in other stores, too. Default: nothing. */
  readonly sightings?: SightingCache;
  /** The clock, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Waits between tries whose outcome is unknown. Default: a timer. */
  readonly sleep?: Sleep;
  /** Makes names that nobody has used: 32 lower-case hexadecimal digits. Default: 128 random bits. */
  readonly newId?: () => string;
  /** Opens the trunk's copies in other stores. Default: none can be opened, so a trunk with strict mirrors takes no push. */
  readonly openPlace?: OpenPlace;
  /** Opens the trunk's mirrors that are Git repositories. Default: none can be pushed to, with the same effect. */
  readonly openFollower?: OpenFollower;
  /** How large blobs are cut. Default: chunks of about 64 KiB, in containers of 32 MiB. */
  readonly largeSettings?: LargeSettings;
  /** Is told, in a sentence each, what a user should know and no failure says. */
  readonly warn?: (message: string) => void;
}

export interface ReadOptions extends RequestOptions {
  /** Before a push. Default false. */
  readonly forPush?: boolean;
  /** False leaves the trunk's mirrors alone: none is looked at, and none is read from. Default true. */
  readonly mirrors?: boolean;
  /** Called when nothing is known, beside the first requests. */
  readonly onCold?: () => void;
}

export interface MaintainOptions extends RequestOptions {
  /** False leaves a snapshot that is due to the caller: see `snapshotDue`. Default true. */
  readonly snapshot?: boolean;
}

export interface CreateOptions extends RepositoryOptions, RequestOptions {
  /** Default `sha1`. */
  readonly objects?: ObjectFormat;
}
