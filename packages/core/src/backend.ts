import type { Body } from "./body.ts";
import type { Content } from "./content.ts";
import type { ByteRange } from "./range.ts";

/**
 * A place that keeps bytes under keys. Git is unknown here.
 *
 * One hard promise carries everything above: of any number of simultaneous `create` calls for one absent key exactly
 * one answers `true`, and from then on `get` answers that call's bytes, whole, to everyone. The contract suite races it.
 *
 * Every method throws `TrunksError` and nothing else. "Absent" is a value (`undefined`, an empty page); a refusal is an
 * error and is never reported as absent.
 */
export interface Backend {
  /** What this is, for messages: `s3`, `local`, `memory`. A layer keeps the name of what it wraps. */
  readonly name: string;
  readonly capabilities: Capabilities;

  /**
   * The bytes under `key`, or `undefined` when the key is absent. With a range, only those bytes: see `ByteRange`.
   * The answer must be read to its end or cancelled.
   */
  get(key: string, options?: GetOptions): Promise<Content | undefined>;

  /**
   * Writes `body` under `key` if nothing is there: `true` when this call wrote it, `false` when the key was taken.
   * The bytes appear at once and whole, or not at all, and are durable when the promise resolves.
   *
   * Throws `OUTCOME_UNKNOWN` when the request may have reached the store and no answer came back. It must never be
   * repeated below this interface after such a failure: only the caller can tell its own write from another's.
   */
  create(key: string, body: Body, options?: RequestOptions): Promise<boolean>;

  /**
   * Writes `body` under `key` whatever was there: for data whose loss or staleness cannot hurt. Atomic and durable. The
   * writing client reads the new bytes at once; another may read the old ones for a while, but never a mixture.
   */
  put(key: string, body: Body, options?: RequestOptions): Promise<void>;

  /**
   * One page of the keys that begin with `prefix` (empty, or ending in `/`), in ascending byte order, all levels deep,
   * beginning behind `after`. A page may be shorter than `limit` and still say `more`, but then it is not empty.
   */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;

  /** Removes the keys. An absent key is no error. Not atomic: after a failure some may be gone. */
  delete(keys: readonly string[], options?: RequestOptions): Promise<void>;

  /** Frees connections. A second call does nothing; other calls after it throw `CLOSED`. */
  close(): Promise<void>;
}

export type Operation = "get" | "create" | "put" | "list" | "delete";

/** What a store can do. Declared by the backend; the contract suite holds it to its word. */
export interface Capabilities {
  /** A key is listed as soon as its `create` has answered. False for shares and gateways that cache folders. */
  readonly promptList: boolean;
  /** The largest body of one key, in bytes. */
  readonly maxBodyBytes: number;
  /** Ranges of about this many bytes are a good unit for parallel reads. */
  readonly rangeSizeBytes: number;
  /** This many simultaneous reads of one body help; 1 where they do not. */
  readonly rangeConcurrency: number;
}

export interface RequestOptions {
  /**
   * Aborting rejects the call, or the reading of what `get` answered, with `ABORTED`, unless it was done already. An
   * aborted write leaves nothing visible or everything.
   */
  readonly signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  readonly range?: ByteRange;
}

export interface ListOptions extends RequestOptions {
  /** Only keys that sort behind this one; it need not exist. */
  readonly after?: string;
  /** At most this many keys, 1 to 1,000. Default 1,000. */
  readonly limit?: number;
}

export interface ListedKey {
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  /** When the bytes were written, by the store's clock: milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface ListPage {
  readonly keys: readonly ListedKey[];
  /** True when further keys may follow the last one of this page. */
  readonly more: boolean;
}

/** Options that a caller may pass beside a URL; each backend documents its own. */
export type BackendOptions = Readonly<Record<string, string | undefined>>;

/** Opens the store that `url` names. Reads the environment here and nowhere else; does no request before it is needed. */
export type BackendFactory = (url: URL, options?: BackendOptions) => Promise<Backend>;

/** Something about a store's settings that its owner should know, beside the promises that it keeps. */
export interface Observation {
  /** What was looked at, in a word or two: `versioning`. */
  readonly name: string;
  /** `unknown`: the store cannot tell, or may not tell this user. */
  readonly status: "ok" | "warning" | "unknown";
  /** What there is, in half a sentence. */
  readonly detail: string;
  /** What the user can do. */
  readonly hint?: string;
}

/**
 * Looks at what a store does by itself: deletes by age, keeps what was deleted, forbids to delete. Reads and changes nothing.
 * A question that the store refuses to answer is an observation, too; throws `TrunksError` when it cannot be reached.
 */
export type StoreDiagnosis = (
  url: URL,
  options?: BackendOptions,
  request?: RequestOptions,
) => Promise<readonly Observation[]>;

/** What a backend package exports, so that a URL's scheme can load it by its package name. */
export interface BackendModule {
  /** URL schemes that this package opens, without the colon: `["s3", "minio"]`. */
  readonly schemes: readonly string[];
  readonly openBackend: BackendFactory;
  /** Absent: there is nothing to look at. */
  readonly diagnoseStore?: StoreDiagnosis;
}
