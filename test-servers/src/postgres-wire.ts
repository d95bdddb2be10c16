import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { PostgresAddress } from "./postgres.ts";

/** What happens when a statement comes by. */
type WireAction =
  | "pass"
  /** The connection ends; the server never hears of the statement. */
  | "cut-before"
  /** The server does its work; its answer is thrown away, and the connection ends. */
  | "cut-after"
  /** Nothing moves any more. */
  | "hang";

export interface PostgresWire {
  readonly address: PostgresAddress;
  /** How many connections were opened. */
  readonly connections: number;
  /** The texts of all statements so far. */
  readonly statements: readonly string[];
  /** Decides for the statements to come, and forgets those so far. */
  use(decide: (statement: string) => WireAction): void;
  stop(): Promise<void>;
}

/** A way to the server that reads along and can be cut; for connections without TLS. */
export async function startPostgresWire(target: PostgresAddress): Promise<PostgresWire> {
  const sockets = new Set<Socket>();
  const statements: string[] = [];
  let decide: (statement: string) => WireAction = () => "pass";
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(target.port, target.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    }
    let action: WireAction = "pass";
    const reader = new StatementReader();
    client.on("data", (bytes) => {
      for (const statement of reader.read(bytes)) {
        statements.push(statement);
        if (action === "pass") action = decide(statement);
      }
      if (action === "cut-before") client.resetAndDestroy();
      else if (action !== "hang") upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (action === "pass") client.write(bytes);
      // A `Z` is the last of an answer: by then the work is done.
      else if (action === "cut-after" && bytes.includes(Buffer.from("Z\0\0\0\x05"))) client.resetAndDestroy();
    });
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: { ...target, host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    statements,
    get connections() {
      return connections;
    },
    use(next) {
      decide = next;
      statements.length = 0;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Finds the messages `Parse` and `Query` in what a client sends after its start-up message, which has no letter. */
class StatementReader {
  #bytes = Buffer.alloc(0);
  #started = false;

  read(bytes: Buffer): string[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const found: string[] = [];
    for (;;) {
      const letterBytes = this.#started ? 1 : 0;
      if (this.#bytes.length < letterBytes + 4) return found;
      const end = letterBytes + this.#bytes.readInt32BE(letterBytes);
      if (this.#bytes.length < end) return found;
      const letter = this.#started ? String.fromCharCode(this.#bytes[0] as number) : "";
      const content = this.#bytes.subarray(letterBytes + 4, end);
      // The name of a statement comes first, and must be empty.
      if (letter === "P") found.push(textAt(content, content.indexOf(0) + 1));
      if (letter === "P" && content[0] !== 0) throw new Error("a statement has a name");
      if (letter === "Q") found.push(textAt(content, 0));
      this.#started = true;
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

function textAt(content: Buffer, start: number): string {
  return content.toString("utf8", start, content.indexOf(0, start));
}
