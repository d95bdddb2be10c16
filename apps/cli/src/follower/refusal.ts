import { TrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";

/** What hosts and git say, and what it means; the first that fits. Source: git's http.c, remote-curl.c, connect.c. */
const meanings = [
  {
    says: /Authentication failed|could not read (Username|Password)|terminal prompts disabled|error: 401|Permission denied \(|Host key verification failed/,
    code: "UNAUTHENTICATED",
  },
  { says: /error: 403|Permission to .* denied|Write access to repository not granted/, code: "PERMISSION_DENIED" },
  { says: /not found|does not appear to be a git repository|error: 404/i, code: "NOT_FOUND" },
  { says: /error: 429/, code: "RATE_LIMITED" },
  { says: /does not support/, code: "NOT_SUPPORTED" },
] as const;

/** The error for what git said when it could not talk to a repository elsewhere. `name` is that of the storage, if it has one. */
export function refusalOf(said: string, name: string | undefined): TrunksError {
  const code = meanings.find(({ says }) => says.test(said))?.code ?? "UNAVAILABLE";
  const retryable = code === "UNAVAILABLE" || code === "RATE_LIMITED";
  return new TrunksError(code, redactUrl(said), { retryable, hint: hints(name)[code] });
}

function hints(name: string | undefined): Readonly<Partial<Record<TrunksError["code"], string>>> {
  const variable = `TRUNKS_STORAGE_${name?.toUpperCase().replaceAll("-", "_") ?? "<NAME>"}_TOKEN`;
  const option = name === undefined ? "--token -" : `\`trunks storage update ${name} --token -\``;
  return {
    UNAUTHENTICATED: `give a token by ${option}, or ${variable}; git's own credential helpers and ssh's keys do as well`,
    PERMISSION_DENIED: "whoever logs in may not push there: give the token, or the key, the right to write",
    NOT_FOUND: "make the repository there first, an empty one; and check that the token may see it",
  };
}
