import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openS3 } from "../src/index.ts";
import { onEachServer, optionsFor } from "./address.ts";

const run = promisify(execFile);

/** What a process does that trusts the certificate: trust is read when a process begins. */
const client = `
const [source, options] = process.argv.slice(1);
const { openS3 } = await import(source);
const backend = await openS3(JSON.parse(options));
const answers = [await backend.create("key", new Uint8Array(3)), await backend.create("key", new Uint8Array(4))];
answers.push((await backend.get("key")).size);
await backend.close();
process.stdout.write(JSON.stringify(answers));`;

onEachServer((address) => {
  let folder: string;
  let server: Server;
  let endpoint: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "trunks-tls-"));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    await run("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
    ]);
    const { hostname, port } = new URL(address.endpoint);
    server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (secure) => {
      const plain = connect(Number(port), hostname);
      secure.pipe(plain).pipe(secure);
      secure.on("error", () => plain.destroy());
      plain.on("error", () => secure.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a store behind TLS works for who trusts its certificate", async () => {
    const source = join(import.meta.dirname, "../src/index.ts");
    const options = JSON.stringify(optionsFor(address, { endpoint }));
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", client, source, options], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "certificate.pem") },
    });
    expect(JSON.parse(stdout)).toEqual([true, false, 3]);
  });

  test("a certificate that nobody trusts is unavailable, for good, and nothing was sent", async () => {
    const backend = await openS3(optionsFor(address, { endpoint }));
    await expect(backend.create("key", new Uint8Array(3))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: false,
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
    await backend.close();
  });
});
