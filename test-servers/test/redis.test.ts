import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { describe, expect, inject, test } from "vitest";
import { startRedis } from "../src/index.ts";

const address = inject("servers").redis;

/** Sends lines and answers as many. */
async function ask({ port }: { readonly port: number }, ...lines: string[]): Promise<string[]> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  await once(socket, "connect");
  socket.write(`${lines.join("\r\n")}\r\n`);
  let answer = "";
  for await (const text of socket) {
    answer += text;
    if (answer.split("\r\n").length > lines.length) break;
  }
  return answer.trimEnd().split("\r\n");
}

describe.skipIf(address === undefined)("redis", () => {
  const { port, securePort, certificate, password } = address ?? {
    port: 0,
    securePort: 0,
    certificate: "",
    password: "",
  };

  test("answers who knows the password", async () => {
    expect(await ask({ port }, "PING")).toEqual([expect.stringContaining("NOAUTH")]);
    expect(await ask({ port }, `AUTH ${password}`, "PING")).toEqual(["+OK", "+PONG"]);
  });

  test("speaks TLS with its own certificate", async () => {
    const socket = connectSecurely({ host: "127.0.0.1", port: securePort, ca: await readFile(certificate) });
    await once(socket, "secureConnect");
    socket.destroy();
  });

  test("keeps what it has over a kill and a restart", async () => {
    const server = await startRedis();
    try {
      expect(await ask(server, `AUTH ${server.password}`, "SET kept 42")).toEqual(["+OK", "+OK"]);
      await server.kill();
      await expect(ask(server, "PING")).rejects.toThrow("ECONNREFUSED");
      await server.restart();
      expect(await ask(server, `AUTH ${server.password}`, "STRLEN kept")).toEqual(["+OK", ":2"]);
    } finally {
      await server.stop();
    }
  });
});
