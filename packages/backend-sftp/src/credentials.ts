import { readFile } from "node:fs/promises";
import ssh2, {
  type AnyAuthMethod,
  type BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from "ssh2";
import type { ResolvedHost } from "./options.ts";

export interface Secrets {
  readonly password: string | undefined;
  readonly passphrase: string | undefined;
}

/** A way to log in. */
export interface Credential {
  /** The name of its method on the wire: RFC 4252. */
  readonly method: "publickey" | "password" | "keyboard-interactive";
  /** For messages. */
  readonly name: string;
  readonly auth: AnyAuthMethod;
}

export interface Credentials {
  /** In ssh's order: the agent, files, what is typed. */
  readonly usable: readonly Credential[];
  /** What is there and cannot be used, and why. */
  readonly problems: readonly string[];
}

/** Gathers the ways to log in to a host. Files that do not exist are passed over. */
export async function gatherCredentials(host: ResolvedHost, secrets: Secrets): Promise<Credentials> {
  const { user: username, agent, identitiesOnly } = host;
  const files = await Promise.all(host.identityFiles.map((file) => readIdentity(file, secrets.passphrase)));
  const found = files.filter((file) => file !== undefined);
  const usable: Credential[] = [];
  if (agent !== undefined) {
    const inner = ssh2.createAgent(agent);
    const wanted = found.flatMap(({ publicKey }) => publicKey ?? []);
    const auth = { type: "agent", username, agent: identitiesOnly ? new SomeOfAgent(inner, wanted) : inner } as const;
    usable.push({ method: "publickey", name: "the agent's keys", auth });
  }
  for (const { file, key } of found) {
    if (key === undefined) continue;
    // The type of the library's declarations does not know that it takes what it has parsed.
    const auth = { type: "publickey", username, key: key as never } as const;
    usable.push({ method: "publickey", name: file, auth });
  }
  const { password } = secrets;
  if (password !== undefined) {
    usable.push({ method: "password", name: "a password", auth: { type: "password", username, password } });
    usable.push({
      method: "keyboard-interactive",
      name: "a password",
      auth: {
        type: "keyboard-interactive",
        username,
        // Questions whose answers are shown on the screen are not for the password.
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map(({ echo }) => (echo ? "" : password))),
      },
    });
  }
  return { usable, problems: found.flatMap(({ problem }) => problem ?? []) };
}

interface Identity {
  readonly file: string;
  /** With its private part. */
  readonly key?: ParsedKey;
  /** As on the wire, base 64. */
  readonly publicKey?: string;
  readonly problem?: string;
}

async function readIdentity(file: string, passphrase: string | undefined): Promise<Identity | undefined> {
  const [text, publicText] = await Promise.all([readIfAllowed(file), readIfAllowed(`${file}.pub`)]);
  if (text === undefined && publicText === undefined) return undefined;
  const beside = publicText === undefined ? undefined : publicPart(parse(publicText));
  if (text === undefined) return { file, publicKey: beside };
  const parsed = parse(text, passphrase);
  if (parsed instanceof Error) return { file, publicKey: beside, problem: `${file}: ${problemOf(parsed, passphrase)}` };
  const publicKey = publicPart(parsed);
  return parsed.isPrivateKey() ? { file, key: parsed, publicKey } : { file, publicKey };
}

function parse(text: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase);
  return Array.isArray(parsed) ? (parsed[0] ?? new Error("holds no key")) : parsed;
}

function publicPart(key: ParsedKey | Error): string | undefined {
  return key instanceof Error ? undefined : key.getPublicSSH().toString("base64");
}

/** The library's own words say either too little or too much. */
function problemOf({ message }: Error, passphrase: string | undefined): string {
  if (!/passphrase|integrity|decrypt/i.test(message)) return "holds no key that can be read";
  return passphrase === undefined ? "is encrypted, and no passphrase is known" : "the passphrase does not open it";
}

async function readIfAllowed(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}

/** An agent of which only some keys are shown. */
class SomeOfAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: BaseAgent;
  readonly #wanted: ReadonlySet<string>;

  constructor(agent: BaseAgent, wanted: readonly string[]) {
    super();
    this.#agent = agent;
    this.#wanted = new Set(wanted);
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error) return callback(error);
      const some = ((keys ?? []) as ParsedKey[]).filter((key) =>
        this.#wanted.has(key.getPublicSSH().toString("base64")),
      );
      callback(undefined, some);
    });
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    this.#agent.sign(key, data, options as SigningRequestOptions, callback);
  }
}
