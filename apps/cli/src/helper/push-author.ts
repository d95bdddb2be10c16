import type { Settings } from "./local-repository.ts";

/** Whom the journal names for a push from here: git's committer. `undefined` when git knows nobody. */
export function pushAuthor(settings: Settings): string | undefined {
  const name = process.env.GIT_COMMITTER_NAME ?? settings.text("user.name");
  const email = process.env.GIT_COMMITTER_EMAIL ?? settings.text("user.email");
  if (name === undefined && email === undefined) return undefined;
  return `${name ?? ""} <${email ?? ""}>`.trim();
}
