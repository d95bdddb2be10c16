import type { ErrorCode } from "@trunks/core";

/** What a server answered instead of doing what it was asked. Holds only these fields: others quote whole rows. */
export class Refusal extends Error {
  /** SQLSTATE: five characters, from the appendix "PostgreSQL Error Codes". */
  readonly state: string;

  constructor(state: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.state = state;
  }
}

/** What a refusal means, and what the user can do. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly hint?: string;
  /** Whether the server may have done what it was asked all the same. */
  readonly undecided?: boolean;
}

const checkLogin: Meaning = {
  code: "UNAUTHENTICATED",
  hint: "check the user and the password: PGUSER, PGPASSWORD, ~/.pgpass, or `trunks storage add`",
};
const checkDatabase: Meaning = { code: "NOT_FOUND", hint: "create the database, or check its name" };
const again: Meaning = { code: "UNAVAILABLE", retryable: true };
const broken: Meaning = { code: "UNAVAILABLE", retryable: true, undecided: true };
const crowded: Meaning = { code: "RATE_LIMITED", retryable: true };
const foreign: Meaning = {
  code: "CONFIG_INVALID",
  hint: "the table belongs to something else: choose another with ?table=",
};

/** By SQLSTATE; the longest beginning counts. */
const meanings: Readonly<Record<string, Meaning>> = {
  "08": broken,
  "23": again,
  "25006": { code: "PERMISSION_DENIED", hint: "this server only reads: connect to the primary" },
  "28": checkLogin,
  "3D000": checkDatabase,
  "3F000": { code: "NOT_FOUND", hint: "create the schema, or choose another with ?schema=" },
  "40": again,
  "42501": {
    code: "PERMISSION_DENIED",
    hint: "the role needs USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on the three tables",
  },
  "42P01": { code: "NOT_FOUND", hint: "the tables are gone: check ?schema= and ?table=" },
  "42": foreign,
  "53": crowded,
  "53100": { code: "NO_SPACE", hint: "make room on the server" },
  "53200": again,
  "54": { code: "NOT_SUPPORTED" },
  "55": again,
  "57": broken,
  // The server took it back because it took too long.
  "57014": again,
  "58": { code: "UNAVAILABLE" },
  "58030": { code: "UNAVAILABLE", undecided: true },
  XX: { code: "UNAVAILABLE", undecided: true },
  XX001: { code: "CORRUPT" },
  XX002: { code: "CORRUPT" },
};

/** PgBouncer says nearly everything with the one state 08P01. */
const poolerMeanings: readonly (readonly [RegExp, Meaning])[] = [
  [/authentication failed|no such user|password/i, checkLogin],
  [/no such database|database .* does not exist/i, checkDatabase],
  [/no more connections allowed|too many/i, crowded],
];

/** What the answer means. `connecting`: it came before any statement was sent. */
export function meaningOf({ state, message }: Refusal, connecting: boolean): Meaning {
  if (state === "08P01") {
    const found = connecting ? poolerMeanings.find(([pattern]) => pattern.test(message)) : undefined;
    return found?.[1] ?? broken;
  }
  for (let length = state.length; length >= 2; length--) {
    const found = meanings[state.slice(0, length)];
    if (found !== undefined) return found;
  }
  return { code: "NOT_SUPPORTED" };
}
