import type { Duplex } from "node:stream";
import { TrunksError } from "@trunks/core";
import ssh2, { type Client, type NextAuthHandler } from "ssh2";
import { type Credential, type Credentials, gatherCredentials, type Secrets } from "./credentials.ts";
import { hostKeyProblem } from "./host-key.ts";
import { KnownHosts } from "./known-hosts.ts";
import { placeOf, type ResolvedHost } from "./options.ts";

/** Speaks SSH over `stream` and logs in. Throws `TrunksError`; the stream is the caller's to end. */
export async function logIn(stream: Duplex, host: ResolvedHost, secrets: Secrets, timeoutMs: number): Promise<Client> {
  const [known, credentials] = await Promise.all([
    KnownHosts.read(host.knownHostsFiles),
    gatherCredentials(host, secrets),
  ]);
  const client = new ssh2.Client();
  const chooser = new Chooser(host.user, credentials.usable);
  let problem: TrunksError | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.on("error", (error) => {
      // The library goes on to the next key after these.
      if ((error as { level?: string }).level === "agent" || isSigningError(error)) return;
      reject(problem ?? loginFailure(error, host, chooser, credentials));
    });
    client.once("close", () => reject(problem ?? closed(host)));
  });
  client.connect({
    sock: stream as never,
    username: host.user,
    readyTimeout: timeoutMs,
    algorithms: { serverHostKey: known.algorithms(host.keyName) as never },
    hostVerifier: (key: Buffer) => {
      problem = hostKeyProblem(known, host, key);
      return problem === undefined;
    },
    authHandler: ((left: string[] | null, _partial: boolean, next: NextAuthHandler) => {
      next(chooser.next(left) as never);
    }) as never,
  });
  await ready;
  return client;
}

/** Chooses what to try next: what the server takes, each once. */
class Chooser {
  readonly #user: string;
  readonly #left: Credential[];
  /** What the server said that it takes. */
  offered: readonly string[] = [];
  readonly tried: string[] = [];

  constructor(user: string, usable: readonly Credential[]) {
    this.#user = user;
    this.#left = [...usable];
  }

  /** `undefined` for `offered`: nothing was tried yet, and nothing is known. */
  next(offered: readonly string[] | null): Credential["auth"] | false {
    // A try without credentials is how to learn what a server takes: RFC 4252, section 5.2.
    if (offered === null) return { type: "none", username: this.#user };
    this.offered = offered;
    const index = this.#left.findIndex(({ method }) => offered.includes(method));
    const [chosen] = index < 0 ? [] : this.#left.splice(index, 1);
    if (chosen === undefined) return false;
    this.tried.push(chosen.name);
    return chosen.auth;
  }
}

function loginFailure(error: Error, host: ResolvedHost, chooser: Chooser, credentials: Credentials): TrunksError {
  const { level } = error as { level?: string };
  if (level === "client-authentication" || /authentication/i.test(error.message)) {
    return refused(error, host, chooser, credentials);
  }
  const text = `${placeOf(host)}: ${error.message}`;
  if (/no matching|unsupported|incompatible|protocol version/i.test(error.message)) {
    return new TrunksError("NOT_SUPPORTED", text, {
      cause: plain(error),
      hint: "the server's SSH is too old or too new",
    });
  }
  return new TrunksError("UNAVAILABLE", text, {
    cause: plain(error),
    retryable: true,
    hint: "check the network, the host and the port",
  });
}

function refused(error: Error, host: ResolvedHost, chooser: Chooser, { problems }: Credentials): TrunksError {
  const tried = [...new Set(chooser.tried)];
  const parts = [
    `${placeOf(host)} does not let this user in`,
    tried.length > 0 ? `tried: ${tried.join(", ")}` : "there was nothing to try",
    ...problems,
    `the server takes: ${chooser.offered.join(", ") || "nothing"}`,
  ];
  return new TrunksError("UNAUTHENTICATED", parts.join("; "), {
    cause: plain(error),
    hint: "check the user; add its key on the server (ssh-copy-id), or keep a password with `trunks storage add`",
  });
}

function closed(host: ResolvedHost): TrunksError {
  return new TrunksError("UNAVAILABLE", `${placeOf(host)} closed the connection before anybody was logged in`, {
    retryable: true,
  });
}

function isSigningError(error: Error): boolean {
  return /^Error (while )?signing/.test(error.message);
}

/** A copy of what matters: the library's errors may hold on to the connection and its secrets. */
function plain(error: Error): Error {
  return new Error(error.message);
}
