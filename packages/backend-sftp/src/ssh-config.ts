import { matchesPattern } from "./known-hosts.ts";

/** A line of ssh_config(5): `IdentityFile ~/.ssh/work` is the keyword `identityfile` and one argument. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  readonly arguments: readonly string[];
}

/** Whom the configuration is asked about. */
export interface ConfigTarget {
  /** As the user wrote it. */
  readonly host: string;
  readonly user: string | undefined;
  /** Who runs this program. */
  readonly localUser: string;
}

/** What the configuration says of a host, by keyword in lower case: the lines' arguments, first lines first. */
export type ConfigSettings = ReadonlyMap<string, readonly (readonly string[])[]>;

/** Finds the lines of files that `Include` names. */
export type Include = (pattern: string) => readonly ConfigLine[];

/** So deep may files include each other; as in ssh. */
const maxDepth = 16;

/** Reads the lines of a file. Words are separated by blanks, the first one also by `=`; quotes keep blanks together. */
export function parseConfig(text: string): ConfigLine[] {
  return text.split(/\r?\n/).flatMap((content): ConfigLine[] => {
    const found = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(content);
    if (found === null) return [];
    const [, keyword = "", rest = ""] = found;
    return [{ keyword: keyword.toLowerCase(), arguments: splitWords(rest) }];
  });
}

/**
 * What the files, the first one first, say of a host. Of lines with one keyword the first counts, as in ssh; which keywords may come again is for
 * the reader to know. `Match` knows `all`, `host`, `originalhost`, `user` and `localuser`; with any other criterion it never
 * matches: nothing is executed.
 */
export function evaluateConfig(
  files: readonly (readonly ConfigLine[])[],
  target: ConfigTarget,
  include: Include,
): ConfigSettings {
  const settings = new Map<string, (readonly string[])[]>();
  for (const lines of files) collect(lines, target, include, settings, 0);
  return settings;
}

function collect(
  lines: readonly ConfigLine[],
  target: ConfigTarget,
  include: Include,
  settings: Map<string, (readonly string[])[]>,
  depth: number,
): void {
  let applies = true;
  for (const { keyword, arguments: words } of lines) {
    if (keyword === "host") applies = matchesNames(words, target.host);
    else if (keyword === "match") applies = matchesCriteria(words, target, settings);
    else if (!applies) continue;
    else if (keyword === "include") {
      const files = depth < maxDepth ? words.map(include) : [];
      for (const file of files) collect(file, target, include, settings, depth + 1);
    } else settings.set(keyword, [...(settings.get(keyword) ?? []), words]);
  }
}

function matchesNames(patterns: readonly string[], name: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (!pattern.startsWith("!")) found ||= matchesPattern(pattern, name);
    else if (matchesPattern(pattern.slice(1), name)) return false;
  }
  return found;
}

function matchesCriteria(
  words: readonly string[],
  { host, user, localUser }: ConfigTarget,
  settings: ConfigSettings,
): boolean {
  const hostName = settings.get("hostname")?.[0]?.[0] ?? host;
  const userName = user ?? settings.get("user")?.[0]?.[0] ?? localUser;
  const values: Readonly<Record<string, string>> = {
    host: hostName.replaceAll("%h", host),
    originalhost: host,
    user: userName,
    localuser: localUser,
  };
  for (let index = 0; index < words.length; index++) {
    const word = (words[index] as string).toLowerCase();
    if (word === "all") continue;
    const negated = word.startsWith("!");
    const value = values[negated ? word.slice(1) : word];
    const patterns = words[++index]?.split(",");
    if (value === undefined || patterns === undefined || matchesNames(patterns, value) === negated) return false;
  }
  return words.length > 0;
}

/** A `#` that begins a word begins a comment. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [, quoted, bare] of text.matchAll(/"([^"]*)"|(\S+)/g)) {
    if (bare?.startsWith("#")) break;
    words.push(quoted ?? bare ?? "");
  }
  return words;
}
