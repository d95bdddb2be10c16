import { existsSync, globSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { invalid, type SshHost } from "./options.ts";
import { type ConfigLine, type ConfigSettings, evaluateConfig, parseConfig } from "./ssh-config.ts";

/** In the order in which ssh tries them; keys that live in hardware are not for this program. */
const usualIdentities = ["id_rsa", "id_ecdsa", "id_ed25519"];

/** So many hosts may stand between. */
const maxJumps = 8;

/** What a user asks for: the URL's part, before any file was read. */
export interface WantedHost {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

/** A host with the way to it, and how long to wait for it. */
export interface FoundHost extends SshHost {
  readonly jumps: readonly SshHost[];
  readonly connectTimeoutMs?: number;
}

/** Answers as ssh would from its files: who, where, with which keys, and through whom. */
export class SshFiles {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #home: string;
  readonly #localUser = userInfo().username;
  readonly #files: readonly string[];

  /** `config`: the one file to read, as with `ssh -F`, or `none`. Default: the user's and the system's. */
  constructor(environment: NodeJS.ProcessEnv, config?: string) {
    this.#environment = environment;
    this.#home = environment.HOME || homedir();
    const usual = [join(this.#home, ".ssh", "config"), "/etc/ssh/ssh_config"];
    this.#files = config === undefined ? usual : config === "none" ? [] : [this.#expandHome(config)];
    if (config !== undefined && config !== "none" && !existsSync(this.#files[0] as string)) {
      throw invalid(`there is no file ${config}`);
    }
  }

  /** `lines` come before those of the files, as with `ssh -o`. Throws `CONFIG_INVALID` for what cannot be followed. */
  find(wanted: WantedHost, lines: readonly ConfigLine[] = [], depth = 0): FoundHost {
    const target = { host: wanted.host, user: wanted.user, localUser: this.#localUser };
    const include = (pattern: string) => this.#include(pattern);
    const files = this.#files.map((path) => parseConfig(readIfThere(path)));
    const settings = evaluateConfig([lines, ...files], target, include);
    const { host, port, user } = this.#address(wanted, settings);
    const expand = (text: string) => this.#expand(text, { host, port, user, original: wanted.host });
    const command = one(settings, "proxycommand");
    if (command !== undefined && command !== "none" && one(settings, "proxyjump") === undefined) {
      throw invalid(`ssh's configuration has a ProxyCommand for ${wanted.host}`, "write a ProxyJump instead");
    }
    const seconds = one(settings, "connecttimeout");
    return {
      host,
      port,
      user,
      hostKeyAlias: one(settings, "hostkeyalias"),
      knownHostsFiles: this.#knownHostsFiles(settings, expand),
      identityFiles: this.#identityFiles(settings, expand),
      agent: this.#agent(settings, expand),
      identitiesOnly: one(settings, "identitiesonly")?.toLowerCase() === "yes",
      jumps: this.#jumps(wanted, settings, depth),
      connectTimeoutMs:
        seconds === undefined || seconds === "none" ? undefined : readNumber("ConnectTimeout", seconds) * 1000,
    };
  }

  #address(wanted: WantedHost, settings: ConfigSettings): Required<WantedHost> {
    const host = (one(settings, "hostname") ?? "%h").replaceAll("%h", wanted.host).replaceAll("%%", "%");
    const port = wanted.port ?? readNumber("Port", one(settings, "port") ?? "22");
    return { host, port, user: wanted.user ?? one(settings, "user") ?? this.#localUser };
  }

  #knownHostsFiles(settings: ConfigSettings, expand: (text: string) => string): string[] {
    const user = settings.get("userknownhostsfile")?.[0] ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
    const system = settings.get("globalknownhostsfile")?.[0] ?? [
      "/etc/ssh/ssh_known_hosts",
      "/etc/ssh/ssh_known_hosts2",
    ];
    return [...user, ...system].filter((file) => file !== "none").map(expand);
  }

  #identityFiles(settings: ConfigSettings, expand: (text: string) => string): string[] {
    const given = settings.get("identityfile")?.flat();
    const files = given ?? usualIdentities.map((name) => `~/.ssh/${name}`);
    return [...new Set(files.filter((file) => file !== "none").map(expand))];
  }

  #agent(settings: ConfigSettings, expand: (text: string) => string): string | undefined {
    const given = one(settings, "identityagent") ?? "SSH_AUTH_SOCK";
    if (given === "none") return undefined;
    if (given === "SSH_AUTH_SOCK") return this.#environment.SSH_AUTH_SOCK || undefined;
    if (given.startsWith("$")) return this.#environment[given.replace(/^\$\{?|\}$/g, "")] || undefined;
    return expand(given);
  }

  #jumps(wanted: WantedHost, settings: ConfigSettings, depth: number): SshHost[] {
    const given = settings.get("proxyjump")?.[0]?.join(",") ?? "none";
    if (given === "none") return [];
    if (depth > maxJumps) throw invalid(`ssh's configuration sends ${wanted.host} through too many hosts`);
    const [first, ...others] = given.split(",").map(readJump);
    if (first === undefined) return [];
    // So that `Host *` may name a jump host without sending that host through itself.
    if (first.host === wanted.host && (first.port ?? wanted.port) === wanted.port) return [];
    // ssh takes what it finds on the way to the first one; from there on each is reached from the one before.
    const way = this.find(first, [], depth + 1);
    return [
      ...way.jumps,
      way,
      ...others.map((host) => this.find(host, [{ keyword: "proxyjump", arguments: ["none"] }])),
    ];
  }

  #include(pattern: string): ConfigLine[] {
    const expanded = this.#expandHome(pattern);
    // Relative to the user's folder; the system's files spell theirs out.
    const absolute = isAbsolute(expanded) ? expanded : join(this.#home, ".ssh", expanded);
    const files = /[*?[{]/.test(absolute) ? globSync(absolute).sort() : [absolute];
    return files.flatMap((file) => parseConfig(readIfThere(file)));
  }

  /** The tokens and variables that ssh_config(5) knows, as far as they make sense here. */
  #expand(text: string, place: { host: string; port: number; user: string; original: string }): string {
    const tokens: Readonly<Record<string, string>> = {
      "%": "%",
      d: this.#home,
      h: place.host,
      n: place.original,
      p: String(place.port),
      r: place.user,
      u: this.#localUser,
    };
    return this.#expandHome(text)
      .replace(/\$\{(\w+)\}/g, (_, name: string) => this.#environment[name] ?? "")
      .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
  }

  #expandHome(text: string): string {
    return text.replace(/^~(?=\/|$)/, this.#home);
  }
}

/** `user@host:port`, `ssh://user@host:port`, with an IPv6 address in brackets. */
function readJump(text: string): WantedHost {
  const found = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(text.trim());
  if (found === null) throw invalid(`not a host to go through: ${JSON.stringify(text)}`);
  const [, user, host = "", port] = found;
  return {
    host: host.replace(/^\[|\]$/g, ""),
    user,
    port: port === undefined ? undefined : readNumber("ProxyJump", port),
  };
}

function one(settings: ConfigSettings, keyword: string): string | undefined {
  const words = settings.get(keyword)?.[0];
  return words === undefined || words.length === 0
    ? undefined
    : keyword === "proxycommand"
      ? words.join(" ")
      : words[0];
}

function readNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(`${name} is a whole number, not ${JSON.stringify(text)}`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return "";
    throw invalid(`ssh's configuration cannot be read: ${(error as Error).message}`);
  }
}
