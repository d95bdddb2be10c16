import type { Backend } from "@trunks/core";

/** Opens one client of the store under test. Called several times: two clients must see one store. */
export type OpenBackend = () => Promise<Backend>;

/** One promise of the `Backend` interface, as something that can be run. */
export interface ContractCase {
  /** `create/taken`: the group, and what it is about. Stable, so that reports and skips can name it. */
  readonly id: string;
  /** What a store that passes has been seen to do. */
  readonly proves: string;
  /** What must be supplied or declared; without it the case is skipped, with the reason. */
  readonly needs?: readonly Need[];
  /** Part of the fast core that is enough to refuse a store which cannot keep the hard promise. */
  readonly probe?: boolean;
  /** Resolves when the promise was kept; throws when not. */
  run(context: ContractContext): Promise<void>;
}

/** What a store's own tests can supply beside `open`. */
export interface ContractNeeds {
  /** Opens a client that reaches the store under test and is refused there: wrong credentials, a closed folder. */
  readonly openForbidden?: OpenBackend;
  /** Opens a client of a root that does not exist: an absent bucket, folder or table. */
  readonly openMissing?: OpenBackend;
  /** The store holds nothing and belongs to the tests alone. Default false. */
  readonly ownStore?: boolean;
  /** Bodies live outside this process, so that its memory can be measured. Default false. */
  readonly outsideProcess?: boolean;
}

/** `promptList` and `largeBodies` are declared by the backend's capabilities, the others supplied by the caller. */
export type Need = keyof ContractNeeds | "promptList" | "largeBodies";

/** A body of this many bytes must fit for `largeBodies`. */
export const largeBodyBytes = 64 * 2 ** 20;

/** What a case works with. Everything it opens is closed, and everything under `prefix` removed, when it ends. */
export interface ContractContext {
  /** The first client. */
  readonly backend: Backend;
  /** Ends in `/`; the case writes below it and nowhere else. */
  readonly prefix: string;
  /** How often a race is run. */
  readonly rounds: number;
  /** Raised when the case has taken too long or the caller gave up. */
  readonly signal: AbortSignal;
  /** So many clients, the first among them, shared with the other cases: not to be closed. */
  clients(count: number): Promise<readonly Backend[]>;
  /** A client of the case's own. */
  open(): Promise<Backend>;
  openForbidden(): Promise<Backend>;
  openMissing(): Promise<Backend>;
}
