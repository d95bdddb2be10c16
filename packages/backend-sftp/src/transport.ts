import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TrunksError } from "@trunks/core";
import type { Client, SFTPWrapper } from "ssh2";
import { logIn } from "./log-in.ts";
import { placeOf, type ResolvedHost, type ResolvedOptions } from "./options.ts";

/** A silent connection is asked for a sign of life by the operating system after so long. */
const keepAliveMs = 15_000;

/** So many times as long may a silence be when something slow was asked for. */
const patience = 10;

/** Connects to the first host, logs in, goes on to the next through it, and so on. Throws `TrunksError`. */
export async function openTransport(options: ResolvedOptions): Promise<Transport> {
  const { route, connectTimeoutMs, passphrase } = options;
  const socket = await connectSocket(route[0] as ResolvedHost, connectTimeoutMs);
  const clients: Client[] = [];
  try {
    for (const [index, host] of route.entries()) {
      const previous = clients.at(-1);
      const stream = previous === undefined ? socket : await forward(previous, route[index - 1] as ResolvedHost, host);
      // The password is the server's: no other host gets to see it.
      const password = index === route.length - 1 ? options.password : undefined;
      clients.push(await logIn(stream, host, { password, passphrase }, connectTimeoutMs));
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return new Transport(socket, clients, options);
}

/** A way to the server, logged in. */
export class Transport {
  readonly #socket: Socket;
  readonly #clients: readonly Client[];
  readonly #options: ResolvedOptions;
  /** How many requests are on their way that may take long. */
  patients = 0;
  #watching: NodeJS.Timeout | undefined;
  #onLost: (reason: string) => void = () => {};

  constructor(socket: Socket, clients: readonly Client[], options: ResolvedOptions) {
    this.#socket = socket;
    this.#clients = clients;
    this.#options = options;
    for (const client of clients) {
      client.on("error", (error) => this.#lose(error.message));
      client.on("close", () => this.#lose("the connection ended"));
    }
    socket.on("close", () => this.#lose("the connection ended"));
  }

  /** Opens the one session. Throws `TrunksError`. */
  async openSftp(): Promise<SFTPWrapper> {
    const client = this.#clients.at(-1) as Client;
    const lost = new Promise<never>((_, reject) => this.onLost((reason) => reject(new Error(reason))));
    const opening = new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
    });
    const timer = setTimeout(() => this.#lose("no SFTP session began in time"), this.#options.connectTimeoutMs);
    try {
      return await Promise.race([opening, lost]);
    } catch (error) {
      throw this.#sessionFailure(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says who is told, once, that the connection has ended. */
  onLost(listener: (reason: string) => void): void {
    this.#onLost = listener;
  }

  /** From now on an answer is waited for: the process stays alive, and silence ends the connection. */
  watch(): void {
    this.#socket.ref();
    const { requestTimeoutMs } = this.#options;
    let before = this.#moved();
    let silences = 0;
    this.#watching = setInterval(() => {
      const now = this.#moved();
      silences = now === before ? silences + 1 : 0;
      before = now;
      if (silences >= (this.patients > 0 ? patience : 1)) this.#lose(`no byte moved for ${requestTimeoutMs} ms`);
    }, requestTimeoutMs);
  }

  unwatch(): void {
    clearInterval(this.#watching);
    this.#socket.unref();
  }

  /** Says goodbye and waits for the end. */
  async end(): Promise<void> {
    if (this.#socket.closed) return;
    this.#socket.ref();
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    for (const client of [...this.#clients].reverse()) client.end();
    this.#socket.end();
    await closed;
  }

  destroy(): void {
    clearInterval(this.#watching);
    this.#socket.destroy();
  }

  #moved(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten;
  }

  #lose(reason: string): void {
    clearInterval(this.#watching);
    this.#onLost(reason);
    this.#onLost = () => {};
  }

  #sessionFailure(error: Error): TrunksError {
    const text = `${this.#options.place}: ${error.message}`;
    if (/subsystem|exit code|signal/i.test(error.message)) {
      return new TrunksError("NOT_SUPPORTED", text, {
        cause: error,
        hint: "let the server's administrator turn SFTP on: Subsystem sftp internal-sftp",
      });
    }
    return new TrunksError("UNAVAILABLE", text, { cause: error, retryable: true });
  }
}

async function connectSocket(host: ResolvedHost, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host: host.host, port: host.port, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
  // Small requests must not wait for each other's acknowledgement.
  socket.setNoDelay(true);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
    socket.setTimeout(timeoutMs, () => reject(new Error(`no connection in ${timeoutMs} ms`)));
  });
  try {
    await connected;
    socket.setTimeout(0);
    // Its end tells all that matters; without a listener it would end the process.
    socket.on("error", () => {});
    return socket;
  } catch (error) {
    socket.destroy();
    throw unreachable(placeOf(host), error as Error);
  }
}

/** A stream to the next host, through one that is logged in to. */
async function forward(client: Client, through: ResolvedHost, host: ResolvedHost): Promise<Duplex> {
  try {
    return await new Promise((resolve, reject) => {
      client.forwardOut("127.0.0.1", 0, host.host, host.port, (error, stream) =>
        error ? reject(error) : resolve(stream),
      );
    });
  } catch (error) {
    throw unreachable(`${placeOf(host)} through ${placeOf(through)}`, error as Error);
  }
}

function unreachable(place: string, error: Error): TrunksError {
  const reasons =
    error instanceof AggregateError ? error.errors.map(({ message }) => message).join("; ") : error.message;
  return new TrunksError("UNAVAILABLE", `${place} cannot be reached: ${reasons}`, {
    cause: error,
    retryable: true,
    hint: "check the network, the host and the port",
  });
}
