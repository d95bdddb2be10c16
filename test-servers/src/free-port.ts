import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Below the range from which systems draw the ports of outgoing connections, so that none of those takes one of ours. */
const lowestPort = 15_000;
const highestPort = 31_999;
const maxTries = 1000;

/**
 * Ports of 127.0.0.1 on which nothing listened a moment ago. All are held while the last is looked for, so they differ.
 * Between this answer and a server's own `listen` another process may still take one: starters try again with others.
 */
export async function freePorts(count: number): Promise<number[]> {
  const holders: Server[] = [];
  const ports: number[] = [];
  try {
    for (let tries = 0; ports.length < count; tries++) {
      if (tries === maxTries) throw new Error(`found no ${count} free ports on 127.0.0.1 in ${maxTries} tries`);
      const port = randomInt(lowestPort, highestPort + 1);
      const holder = await hold(port);
      if (holder === undefined) continue;
      holders.push(holder);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  }
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}
