import { checkKey, TrunksError } from "@trunks/core";
import { gitMirrorPlaceUrl, isGitMirrorUrl } from "./git-mirror.ts";
import { isSecretName, redactUrl, withoutSecrets } from "./redact.ts";
import { schemeRules } from "./scheme.ts";
import { checkStorageName, type Storage } from "./storage.ts";

interface Named {
  /** The repository's name: `my-app`. */
  readonly name: string;
  /** Where the trunk's keys begin, relative to the root: `trunks/my-app.trunk/`. */
  readonly prefix: string;
}

/** A trunk in the store that a URL names. */
export interface UrlLocation extends Named {
  readonly kind: "url";
  /** The store's own URL, without the trunk's part; the query stays with it. */
  readonly root: URL;
}

/** A trunk in a named storage: `trunks://primary/my-app`. */
export interface StorageLocation extends Named {
  readonly kind: "storage";
  readonly storage: string;
}

/**
 * Reads a remote's URL, with or without a leading `trunks::`.
 *
 * - `s3://bucket/team/my-app`: the last segment is the repository's name, what stands before it the root.
 * - `s3://bucket/team/trunks/my-app.trunk`: the same, spelled out. A last segment that ends in `.trunk` is exact: without
 *   a folder `trunks` before it, the trunk lies directly in the root.
 * - `trunks://primary/my-app`: a repository in a named storage.
 *
 * Upper and lower case are kept, one trailing slash is ignored. Throws `CONFIG_INVALID` for anything else: bare paths,
 * `.`, `..`, empty segments, `%2F`, names that are no keys.
 */
export function parseLocation(text: string): UrlLocation | StorageLocation {
  const parts = splitUrl(text);
  if (parts.scheme === "trunks") return storageLocation(parts);
  const last = parts.segments.at(-1);
  const rules = schemeRules(parts.scheme);
  if (last === undefined || parts.segments.length <= rules.rootSegments) {
    throw wrong(parts.text, "names no repository", `write it behind the store's URL: ${rules.example}`);
  }
  const { name, exact } = repositoryName(last);
  const inTrunks = exact && parts.segments.at(-2) === "trunks";
  const root = rootUrl(parts, parts.segments.slice(0, inTrunks ? -2 : -1));
  return { kind: "url", root, name, prefix: exact && !inTrunks ? `${name}.trunk/` : trunkPrefix(name) };
}

/** Reads the URL of a store: all of its path is the root. Throws `CONFIG_INVALID` as `parseLocation` does. */
export function parseRoot(text: string): URL {
  const parts = splitUrl(text);
  if (parts.scheme === "trunks") throw wrong(parts.text, "is a named storage, not a store", undefined);
  if (parts.segments.at(-1)?.endsWith(".trunk")) {
    throw wrong(parts.text, "is one trunk, not a store", "leave out the last part: a store holds many trunks");
  }
  return rootUrl(parts, parts.segments);
}

/** Where the keys of the trunk `name` begin in a storage. Throws `CONFIG_INVALID` when it is no name. */
export function trunkPrefix(name: string): string {
  checkName(name);
  return `trunks/${name}.trunk/`;
}

/** One text for one trunk, without secrets: for messages and cache keys. */
export function canonicalUrl(root: URL, prefix: string): string {
  const url = withoutSecrets(root);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${prefix.slice(0, -1)}`;
  return url.href;
}

/**
 * The URL under which others find a trunk in this storage: exact, with the options that are no secrets in its query, and
 * with no secret in it. For the map of mirrors, which lies in the store for everyone to read.
 */
export function placeUrl(storage: Storage, prefix: string): string {
  if (isGitMirrorUrl(storage.url)) return gitMirrorPlaceUrl(storage);
  const root = parseRoot(storage.url);
  for (const [name, value] of Object.entries(storage.options)) {
    const parameter = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (!isSecretName(name) && !isSecretName(parameter)) root.searchParams.set(parameter, value);
  }
  return canonicalUrl(root, prefix);
}

interface UrlParts {
  /** Without `trunks::`. */
  readonly text: string;
  readonly scheme: string;
  readonly authority: string;
  readonly query: string;
  /** Percent signs decoded. */
  readonly segments: readonly string[];
}

function splitUrl(text: string): UrlParts {
  const bare = text.replace(/^trunks::/, "");
  // Not left to the URL parser, which silently resolves `..`, removes tabs and newlines, and drops empty segments.
  const found = /^([a-z][a-z0-9+.-]+):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(bare);
  if (found === null) {
    throw wrong(
      bare,
      "is not a URL",
      "for a folder write local:///absolute/path/my-app; for others see `trunks help urls`",
    );
  }
  const [, scheme = "", authority = "", path = "", query = "", fragment] = found;
  if (fragment !== undefined) throw wrong(bare, "has a part behind #", "write a # that belongs to the path as %23");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(bare)) throw wrong(bare, "has control characters or backslashes in it");
  const segments = path.replace(/\/$/, "").split("/").slice(1);
  return {
    text: bare,
    scheme: scheme.toLowerCase(),
    authority,
    query,
    segments: segments.map((part) => segment(bare, part)),
  };
}

function segment(text: string, encoded: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch (error) {
    throw wrong(text, "has a percent sign that encodes nothing", "write it as %25", error);
  }
  if (decoded === "") throw wrong(text, "has an empty part in its path", "write single slashes");
  if (decoded === "." || decoded === "..") throw wrong(text, "has a . or .. in its path", "write the path out");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(decoded)) throw wrong(text, "has an encoded slash or control character in it");
  return decoded;
}

function storageLocation(parts: UrlParts): StorageLocation {
  const [last, ...others] = parts.segments;
  if (parts.authority === "" || last === undefined || others.length > 0) {
    throw wrong(parts.text, "is not trunks://<storage>/<repository>", "as in trunks://primary/my-app");
  }
  if (parts.query !== "")
    throw wrong(parts.text, "has a query", "options belong to the storage: `trunks storage update`");
  checkStorageName(parts.authority);
  const { name } = repositoryName(last);
  return { kind: "storage", storage: parts.authority, name, prefix: trunkPrefix(name) };
}

function rootUrl(parts: UrlParts, segments: readonly string[]): URL {
  const { host, rootSegments, example } = schemeRules(parts.scheme);
  const path = segments.map((part) => `/${encodeURIComponent(part)}`).join("");
  let url: URL;
  try {
    url = new URL(`${parts.scheme}://${parts.authority}${path || (parts.authority === "" ? "/" : "")}${parts.query}`);
  } catch {
    // Without the cause: it repeats the URL, secrets and all.
    throw wrong(parts.text, "is not a URL", `as in ${example}`);
  }
  if (host === "required" && url.host === "") throw wrong(parts.text, "names no store", `as in ${example}`);
  if (host === "none" && url.host !== "") {
    throw wrong(parts.text, `names a host, ${url.host}`, `a folder has three slashes: ${example}`);
  }
  if (segments.length < rootSegments) throw wrong(parts.text, "names no store", `as in ${example}`);
  return url;
}

function repositoryName(last: string): { name: string; exact: boolean } {
  const exact = last.endsWith(".trunk");
  const name = exact ? last.slice(0, -".trunk".length) : last;
  checkName(name);
  return { name, exact };
}

function checkName(name: string): void {
  try {
    checkKey(`${name}.trunk`);
    checkKey(name);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `${JSON.stringify(name)} cannot be a repository's name`, {
      cause: error,
      hint: "use letters, digits, - _ and . (a letter or digit first), at most 194 of them",
    });
  }
  if (name.includes("/")) {
    throw new TrunksError("CONFIG_INVALID", `a repository's name has no slash: ${JSON.stringify(name)}`);
  }
}

function wrong(text: string, what: string, hint?: string, cause?: unknown): TrunksError {
  return new TrunksError("CONFIG_INVALID", `${redactUrl(text)} ${what}`, { hint, cause });
}
