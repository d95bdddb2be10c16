import { createHmac, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ServerProcess, type TestServer } from "./server-process.ts";

const name = "azurite";
const container = "trunks-test";

/** What a client must know of a running emulator of Azure Blob Storage. */
export interface AzureAddress {
  readonly name: string;
  readonly version: string;
  /** With the account's name in its path, for example `http://127.0.0.1:20001/trunks0a1b`. */
  readonly endpoint: string;
  readonly account: string;
  /** In base64. */
  readonly accountKey: string;
  /** A container that exists and is empty but for the key `ready`. */
  readonly container: string;
  /** The server's temporary folder. */
  readonly folder: string;
  /** The same as the variables that Azure's tools read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A running emulator that belongs to the caller. */
export interface AzureServer extends AzureAddress, TestServer {}

/**
 * Starts an Azurite that belongs to the caller, with an account of its own. It comes with this package's dependencies, and is
 * not durable: a kill loses the writes of some seconds.
 */
export async function startAzurite(): Promise<AzureServer> {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("azurite/package.json");
  const { version } = require(manifest) as { version: string };
  const program = join(dirname(manifest), "dist/src/blob/main.js");
  const account = `trunks${randomBytes(6).toString("hex")}`;
  const accountKey = randomBytes(48).toString("base64");
  const endpointAt = (port: number | undefined) => `http://127.0.0.1:${port}/${account}`;
  const server = await ServerProcess.start({
    name,
    portCount: 1,
    async command([port], folder) {
      const data = join(folder, "data");
      await mkdir(data, { recursive: true });
      return {
        program: process.execPath,
        arguments: [
          ...[program, "--silent", "--disableTelemetry", "--skipApiVersionCheck"],
          ...["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", data],
        ],
        environment: { AZURITE_ACCOUNTS: `${account}:${accountKey}` },
      };
    },
    probe: ([port]) => writeOnce(endpointAt(port), account, accountKey),
  });
  const endpoint = endpointAt(server.ports[0]);
  return {
    name,
    version,
    endpoint,
    account,
    accountKey,
    container,
    folder: server.folder,
    environment: { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_KEY: accountKey },
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/** A shared access signature for the container: the query of a URL. `permissions` as Azure's letters, in their order: `racwdl`. */
export function azureSignature(address: AzureAddress, permissions: string, endsAt: Date): string {
  const { account, accountKey } = address;
  const version = "2021-12-02";
  const ends = `${endsAt.toISOString().slice(0, 19)}Z`;
  const resource = `/blob/${account}/${address.container}`;
  // The empty ones: start, policy, addresses, protocol; snapshot, encryption, five headers of answers.
  const fields = [permissions, "", ends, resource, "", "", "", version, "c", "", "", "", "", "", "", ""];
  const signature = createHmac("sha256", Buffer.from(accountKey, "base64")).update(fields.join("\n"), "utf8");
  const query = { sp: permissions, se: ends, sv: version, sr: "c", sig: signature.digest("base64") };
  return new URLSearchParams(query).toString();
}

/** Ready is what has a container and takes a write. Signed, so a stranger never passes. */
async function writeOnce(endpoint: string, account: string, accountKey: string): Promise<void> {
  const made = await put(`${endpoint}/${container}?restype=container`, { account, accountKey, headers: {}, body: "" });
  if (made !== 201 && made !== 409) throw new Error(`the container could not be made: ${made}`);
  const headers = { "x-ms-blob-type": "BlockBlob" };
  const written = await put(`${endpoint}/${container}/ready`, { account, accountKey, headers, body: "ready" });
  if (written !== 201) throw new Error(`a write was answered ${written}`);
}

interface SignedPut {
  readonly account: string;
  readonly accountKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request with a Shared Key signature, as Azure documents it; answers the status. */
async function put(url: string, { account, accountKey, headers, body }: SignedPut): Promise<number> {
  const named: Record<string, string> = {
    ...headers,
    "x-ms-date": new Date().toUTCString(),
    "x-ms-version": "2021-12-02",
  };
  const canonicalHeaders = Object.keys(named)
    .sort()
    .map((name) => `${name}:${named[name]}\n`);
  const { pathname, searchParams } = new URL(url);
  const parameters = [...searchParams].map(([name, value]) => `\n${name}:${value}`);
  const type = "application/octet-stream";
  const length = body === "" ? "" : String(body.length);
  const text = `PUT\n\n\n${length}\n\n${type}\n\n\n\n\n\n\n${canonicalHeaders.join("")}/${account}${pathname}${parameters.join("")}`;
  const signature = createHmac("sha256", Buffer.from(accountKey, "base64")).update(text, "utf8").digest("base64");
  const answer = await fetch(url, {
    method: "PUT",
    headers: { ...named, "content-type": type, authorization: `SharedKey ${account}:${signature}` },
    body: body === "" ? undefined : body,
    signal: AbortSignal.timeout(5000),
  });
  await answer.body?.cancel();
  return answer.status;
}
