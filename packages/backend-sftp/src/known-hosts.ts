import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A line of a file of known hosts: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
interface KnownKey {
  readonly revoked: boolean;
  /** Names, patterns with `*`, `?` and `!`, or one hashed name. */
  readonly names: readonly string[];
  readonly type: string;
  /** Base 64. */
  readonly key: string;
  readonly file: string;
  readonly line: number;
}

/** What the files say of a key that a host has shown. */
export type Verdict =
  | { readonly kind: "known" }
  | { readonly kind: "revoked" | "changed"; readonly file: string; readonly line: number }
  | { readonly kind: "unknown" };

/** Algorithms by the type of key that they use, best first. SHA-1 is not among them. */
const algorithmsByType = new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

/** The keys of hosts that this user knows. */
export class KnownHosts {
  readonly #keys: readonly KnownKey[];

  constructor(keys: readonly KnownKey[]) {
    this.#keys = keys;
  }

  /** Reads the files; those that do not exist know nobody. */
  static async read(files: readonly string[]): Promise<KnownHosts> {
    const texts = await Promise.all(files.map(readIfThere));
    return new KnownHosts(texts.flatMap((text, index) => parseKnownHosts(text, files[index] as string)));
  }

  /** What is known of the host `name` (`host`, or `[host]:port`) and the key that it has shown, as it came. */
  check(name: string, shown: Uint8Array): Verdict {
    const key = Buffer.from(shown).toString("base64");
    const verdict = this.#judge(name, key);
    const bare = /^\[(.*)\]:\d+$/.exec(name)?.[1];
    // As in ssh: a key that is known without a port is as good on another one.
    if (verdict.kind !== "unknown" || bare === undefined) return verdict;
    const without = this.#judge(bare, key);
    return without.kind === "changed" ? verdict : without;
  }

  /** The algorithms to offer, those first for which the host's keys are known: it shows a key of the first that it has. */
  algorithms(name: string): string[] {
    const bare = name.replace(/^\[(.*)\]:\d+$/, "$1");
    const known = this.#keys.filter(({ names, revoked }) => !revoked && (matches(names, name) || matches(names, bare)));
    const types = new Set(known.map(({ type }) => type));
    const all = [...algorithmsByType];
    const ordered = [...all.filter(([type]) => types.has(type)), ...all.filter(([type]) => !types.has(type))];
    return ordered.flatMap(([, algorithms]) => algorithms);
  }

  #judge(name: string, shown: string): Verdict {
    const keys = this.#keys.filter(({ names }) => matches(names, name));
    const revoked = keys.find(({ revoked, key }) => revoked && key === shown);
    if (revoked !== undefined) return { kind: "revoked", file: revoked.file, line: revoked.line };
    const valid = keys.filter(({ revoked }) => !revoked);
    if (valid.some(({ key }) => key === shown)) return { kind: "known" };
    const type = typeOf(Buffer.from(shown, "base64"));
    const other = valid.find((key) => key.type === type);
    return other === undefined ? { kind: "unknown" } : { kind: "changed", file: other.file, line: other.line };
  }
}

/** The type of a key as it comes over the wire: `ssh-ed25519`. RFC 4253, section 6.6. */
export function typeOf(key: Uint8Array): string {
  const buffer = Buffer.from(key);
  return buffer.toString("latin1", 4, 4 + buffer.readUInt32BE(0));
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The keys that `text` lists. Lines that are none, and authorities of certificates, are passed over. */
export function parseKnownHosts(text: string, file: string): KnownKey[] {
  return text.split(/\r?\n/).flatMap((content, index): KnownKey[] => {
    const fields = content.trim().split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [names, type, key] = fields;
    if (names === undefined || names.startsWith("#") || type === undefined || key === undefined) return [];
    if (marker !== undefined && marker !== "@revoked") return [];
    return [{ revoked: marker !== undefined, names: names.split(","), type, key, file, line: index + 1 }];
  });
}

function matches(names: readonly string[], name: string): boolean {
  let found = false;
  for (const pattern of names) {
    if (pattern.startsWith("!")) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else {
      found ||= pattern.startsWith("|1|") ? matchesHash(pattern, name) : matchesPattern(pattern, name);
    }
  }
  return found;
}

/** `*` and `?` as in ssh's files, without regard to case. */
export function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern.replace(/[^A-Za-z0-9_]/g, (sign) => (sign === "*" ? ".*" : sign === "?" ? "." : `\\${sign}`));
  return new RegExp(`^${source}$`, "is").test(name);
}

function matchesHash(hashed: string, name: string): boolean {
  const [, , salt = "", hash] = hashed.split("|");
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw error;
  }
}
