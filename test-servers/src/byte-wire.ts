import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server of any protocol. */
export interface ByteWire {
  /** On 127.0.0.1. */
  readonly port: number;
  /** How many connections were opened. */
  readonly connections: number;
  /** Once, when a client has sent so many bytes from now on: does something, and then ends all connections. */
  interrupt(afterBytes: number, what: () => Promise<void>): void;
  stop(): Promise<void>;
}

/** Makes a way to a port on 127.0.0.1. Who finds nobody there is disconnected. */
export async function startByteWire(target: number): Promise<ByteWire> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let left = Number.POSITIVE_INFINITY;
  let interruption: () => Promise<void> = async () => {};
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((client) => {
    connections++;
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
    upstream.pipe(client);
    client.pipe(upstream);
    client.on("data", (bytes) => {
      const before = left;
      left -= bytes.length;
      if (before > 0 && left <= 0) void interruption().finally(cut);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    interrupt(afterBytes, what) {
      [left, interruption] = [afterBytes, what];
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
