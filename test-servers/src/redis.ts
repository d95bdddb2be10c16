import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import { debianServer } from "./debian-package.ts";
import { installedProgram } from "./installation.ts";
import { ServerProcess, type TestServer } from "./server-process.ts";

/**
 * Debian's Redis. Its server is in the package of its tools, under another name (it does what it is called), and without a
 * service that would start by itself.
 */
export const redis = debianServer({
  name: "redis-server",
  package: "redis-tools",
  systemProgram: "/usr/bin/redis-check-rdb",
});

/** A running Redis, on 127.0.0.1. It keeps an append-only file and syncs each write. */
export interface RedisServer extends TestServer {
  readonly port: number;
  /** Speaks TLS. */
  readonly securePort: number;
  /** The authority that signed the server's certificate: a file. */
  readonly certificate: string;
  /** Of the user `default`. */
  readonly password: string;
}

/** Starts a Redis with a password of its own. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startRedis(): Promise<RedisServer> {
  const program = await installedProgram(redis);
  const password = randomBytes(16).toString("hex");
  const server = await ServerProcess.start({
    name: "redis",
    portCount: 2,
    async command(ports, folder) {
      const settings = join(folder, "redis.conf");
      if (!existsSync(settings)) {
        await mkdir(join(folder, "data"));
        await makeCertificate(join(folder, "key.pem"), join(folder, "certificate.pem"));
      }
      await writeFile(settings, settingsText(ports, folder, password), { mode: 0o600 });
      return { program, arguments: [settings] };
    },
    probe: ([port]) => ping(port ?? 0, password),
  });
  return {
    name: "redis",
    port: server.ports[0] ?? 0,
    securePort: server.ports[1] ?? 0,
    certificate: join(server.folder, "certificate.pem"),
    password,
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

function settingsText([port, securePort]: readonly number[], folder: string, password: string): string {
  return `bind 127.0.0.1
port ${port}
tls-port ${securePort}
tls-cert-file ${join(folder, "certificate.pem")}
tls-key-file ${join(folder, "key.pem")}
tls-auth-clients no
dir ${join(folder, "data")}
requirepass ${password}
appendonly yes
appendfsync always
save ""
`;
}

/** Ready is what knows the password and has read its files: until then it answers LOADING. */
function ping(port: number, password: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text;
      if (answer === "+OK\r\n+PONG\r\n") resolve();
      else if (answer.split("\r\n").length > 2) reject(new Error(`Redis answers ${answer}`));
      else return;
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("Redis closed the connection")));
  });
}
