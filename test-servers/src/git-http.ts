import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Git host on 127.0.0.1: git's own smart HTTP, behind a log-in as hosts have it. */
export interface GitHttpServer {
  /** For example `http://127.0.0.1:20001`. */
  readonly endpoint: string;
  /** The bare repositories lie here, each under its name. */
  readonly folder: string;
  /** Pushes and reads: the password of any user, or a bearer token. */
  readonly token: string;
  /** Reads alone. */
  readonly readToken: string;
  /** Makes an empty repository and answers its URL. */
  make(name: string, options?: readonly string[]): Promise<string>;
  /** Runs git in a repository and answers what it printed, without the last line's end. */
  git(name: string, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface GitHttpOptions {
  /** Everyone may read, as at public repositories. Default false. */
  readonly public?: boolean;
}

/** Starts a Git host in this process. Its repositories end with it. */
export async function startGitHttp(options: GitHttpOptions = {}): Promise<GitHttpServer> {
  const folder = await mkdtemp(join(tmpdir(), "trunks-git-http-"));
  const [token, readToken] = [secret(), secret()];
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, { token, readToken, isPublic: options.public === true });
    if (refusal === undefined) return void serve(request, response, folder).catch(() => response.destroy());
    request.resume();
    const challenge = refusal === 401 ? { "www-authenticate": 'Basic realm="git"' } : {};
    response.writeHead(refusal, { ...challenge, "content-type": "text/plain" }).end("Write access not granted.\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const git = async (name: string, ...args: string[]) => {
    const { stdout } = await run("git", ["-C", join(folder, name), ...args], { env: plainEnvironment() });
    return stdout.replace(/\n$/, "");
  };
  return {
    endpoint,
    folder,
    token,
    readToken,
    git,
    async make(name, settings = []) {
      await run("git", ["init", "-q", "--bare", "-b", "main", ...settings, join(folder, name)], {
        env: plainEnvironment(),
      });
      await git(name, "config", "http.receivepack", "true");
      return `${endpoint}/${name}`;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function secret(): string {
  return `ghp_${randomBytes(18).toString("hex")}`;
}

interface Guard {
  readonly token: string;
  readonly readToken: string;
  readonly isPublic: boolean;
}

/** The status for those who may not do this; `undefined` for those who may. */
function refusalOf({ url = "", headers }: IncomingMessage, { token, readToken, isPublic }: Guard): number | undefined {
  const [kind, credentials = ""] = (headers.authorization ?? "").split(" ");
  const given =
    kind === "Basic" ? Buffer.from(credentials, "base64").toString().split(":").slice(1).join(":") : credentials;
  if (given === token) return undefined;
  const writes = url.includes("git-receive-pack");
  if (given === readToken) return writes ? 403 : undefined;
  return isPublic && !writes && given === "" ? undefined : 401;
}

/** One request, as git's own program for web servers answers it. */
async function serve(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
  const { headers, method = "GET" } = request;
  const header = (name: string) => String(headers[name] ?? "");
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      ...plainEnvironment(),
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: header("content-length"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
      REMOTE_USER: "somebody",
    },
  });
  child.stdin.on("error", () => {}); // It may have answered before it has read everything.
  request.pipe(child.stdin);
  let head = Buffer.alloc(0);
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (response.headersSent) {
      if (!response.write(chunk)) await once(response, "drain");
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) continue;
    const lines = head.subarray(0, end).toString("latin1").split("\r\n");
    const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const);
    const status = Number(fields.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== "Status")));
    response.write(head.subarray(end + 4));
  }
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

/** Nothing of this machine's settings. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", LC_ALL: "C" };
}
