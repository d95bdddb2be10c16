import { TrunksError } from "@trunks/core";
import { type NamedPlace, unnamedPlace } from "./named-place.ts";
import { redactUrl } from "./redact.ts";
import type { Settings } from "./settings.ts";
import { type Environment, environmentOptions, resolveStorage, type Storage } from "./storage.ts";

/** What stands before a Git repository's own URL, where it is a mirror: `git+https://github.com/me/my-app.git`. */
const prefix = "git+";

/**
 * Whether a storage's URL, or a place's, is that of a Git repository: a mirror, and no store. What is reached by `https` or
 * `ssh` can be nothing else; of a folder it has to be said.
 */
export function isGitMirrorUrl(text: string): boolean {
  return /^(git\+|https?:|ssh:)/.test(text);
}

/**
 * A Git repository's URL as settings and the trunk's map write it, from the one that git takes (`https`, `http`, `ssh`,
 * `file`), or from its own form. Throws `CONFIG_INVALID` for anything else, and for a secret in it.
 */
export function gitMirrorUrl(text: string): string {
  const bare = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const scheme = /^(https?|ssh|file):\/\//.exec(bare)?.[1];
  const url = scheme === undefined ? undefined : parsed(bare);
  if (url === undefined) throw wrong(bare, "is not the URL of a Git repository", spelledOut(bare));
  if (url.password !== "" || (url.username !== "" && scheme?.startsWith("http"))) {
    throw wrong(bare, "has a user or a password in it", "write it without, and give the token by --token -");
  }
  if (/[?#]/.test(bare)) throw wrong(bare, "has a part behind ? or #", "leave that out");
  if (/[\s\p{Cc}]/u.test(bare)) throw wrong(bare, "has spaces or control characters in it", "write them as %20");
  if (scheme === "file" ? url.host !== "" : !/^[a-z0-9[]/i.test(url.hostname)) {
    throw wrong(bare, "names no repository", "as in https://host/path, or file:///path");
  }
  if (/^\/*$/.test(url.pathname)) throw wrong(bare, "names no repository", "as in https://host/path, or file:///path");
  return `${prefix}${url.href.replace(/\/+$/, "")}`;
}

/** The URL under which the trunk's map names such a mirror: with how to log in where that is not usual. No secret is in it. */
export function gitMirrorPlaceUrl({ url, options }: Storage): string {
  return `${gitMirrorUrl(url)}${options.login === "bearer" ? "?login=bearer" : ""}`;
}

/** How this machine reaches a Git repository. */
export interface GitAccess {
  /** As git takes it, without secrets. */
  readonly url: string;
  /** Absent: git's own credential helpers, and ssh's keys, know. */
  readonly login?: {
    readonly token: string;
    /** Whose password the token is; absent where it goes as a bearer token. */
    readonly user?: string;
  };
}

/** Hosts that everyone knows: a token of this machine may go there, whoever has named them. */
const vendorsHosts = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "dev.azure.com"];
/** Hosts of such names tell the user of a token by the token alone. */
const anyUser = "x-access-token";

/**
 * How to reach the Git repository that a trunk's map names. As with `openPlace`, what this machine says of a storage of that
 * name goes before the map; and where only the map names it, a token of this machine goes to hosts that everyone knows, and
 * a folder is not written to: what lies there may run programs. Then throws `CONFIG_INVALID`.
 */
export function gitPlaceAccess(
  place: NamedPlace,
  { settings, environment }: { readonly settings?: Settings; readonly environment: Environment },
): GitAccess {
  const storages = settings?.storages ?? {};
  const known = resolveStorage(place.name, storages, environment);
  if (known !== undefined) return gitAccess(known);
  const [bare = "", query] = place.url.split("?");
  const options = environmentOptions(place.name, Object.keys(storages), environment);
  const access = gitAccess({
    url: bare,
    options: query === "login=bearer" ? { login: "bearer" } : {},
    secrets: options,
  });
  const { protocol, hostname } = new URL(access.url);
  const how = "--backend git --url …";
  if (protocol === "file:") throw unnamedPlace(place, how, "folder");
  if (access.login !== undefined && !vendorsHosts.includes(hostname)) throw unnamedPlace(place, how);
  return access;
}

/** How to reach the Git repository of a storage. Throws `CONFIG_INVALID` when it is none, or for a token that would go in the clear. */
export function gitAccess({ url: text, options, secrets }: Storage): GitAccess {
  const url = gitMirrorUrl(text).slice(prefix.length);
  const { token, user = anyUser, login = "basic" } = { ...options, ...secrets };
  if (token === undefined) return { url };
  const { protocol, hostname } = new URL(url);
  if (!protocol.startsWith("http"))
    throw wrong(url, "takes no token", "ssh logs in by its keys; a folder by its modes");
  if (protocol === "http:" && !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) {
    throw wrong(url, "would show the token to everyone on the way", "write https");
  }
  // Whatever else stands in it would end the line that it is told to git in.
  if (/[\s\p{Cc}]/u.test(token + user)) throw wrong(url, "has a token with spaces or line ends in it", "type it again");
  if (login !== "basic" && login !== "bearer") throw wrong(url, "has a login that is neither basic nor bearer");
  return { url, login: { token, ...(login === "basic" && { user }) } };
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined; // Without the cause: it repeats the URL, secrets and all.
  }
}

/** What somebody may have meant who wrote it as people do for git. */
function spelledOut(text: string): string {
  const short = /^([^\s/@:]+@)?([^\s/@:]+):(?!\/\/)([^\s:]+)$/.exec(text);
  if (short !== null) return `spell it out: ssh://${short[1] ?? ""}${short[2]}/${short[3]?.replace(/^\//, "")}`;
  if (text.startsWith("/")) return `write file://${text}`;
  return "it begins with https://, ssh:// or file://";
}

function wrong(text: string, what: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", `${redactUrl(text)} ${what}`, { hint });
}
