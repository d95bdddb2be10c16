import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { isTrunksError, type TrunksError } from "@trunks/core";
import { makeKey, type SftpAddress } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSftp, type SftpOptions } from "../src/index.ts";
import { bytesOf, hostOf, onServer, optionsFor } from "./address.ts";

const run = promisify(execFile);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trunks-credentials-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function write(options: SftpOptions): Promise<void> {
  const backend = await openSftp(options);
  try {
    expect(await backend.create("key", bytesOf(10))).toBe(true);
  } finally {
    await backend.close();
  }
}

async function refusal(options: SftpOptions): Promise<TrunksError> {
  const error = await write(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTrunksError(error)) throw error ?? new Error("was let in");
  return error;
}

/** A file of known hosts with these lines. */
function knownHosts(name: string, ...lines: string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

const publicKey = (file: string) => readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");

/** A new key of the test's own, whom the server lets in from now on. */
async function newKey(address: SftpAddress, name: string, passphrase = "", type = "ed25519"): Promise<string> {
  const file = join(folder, name);
  await makeKey(file, passphrase, type);
  appendFileSync(join(dirname(address.identityFile), "authorized_keys"), readFileSync(`${file}.pub`));
  return file;
}

onServer("openssh", (address) => {
  const hostKey = () => publicKey(join(dirname(address.identityFile), "host_key"));
  const place = `[127.0.0.1]:${address.port}`;

  test("a host that is not known is not spoken to, and the hint makes it known", async () => {
    const file = knownHosts("unknown", `other.example ${hostKey()}`);
    const error = await refusal(optionsFor(address, { knownHostsFiles: [file] }));
    expect(error).toMatchObject({ code: "CONFIG_INVALID", retryable: false });
    expect(error.message).toMatch(/is not a known host; it shows the key ssh-ed25519 SHA256:/);
    const command = /then: (.*)$/.exec(error.hint ?? "")?.[1] as string;
    expect(command).toBe(`ssh-keyscan -p ${address.port} 127.0.0.1 >> ${file}`);
    await run("sh", ["-c", command]);
    await write(optionsFor(address, { knownHostsFiles: [file] }));
  });

  test("a host whose key has changed is not spoken to, and the hint forgets the old one", async () => {
    await makeKey(join(folder, "old"));
    const file = knownHosts("changed", `${place} ${publicKey(join(folder, "old"))}`);
    const error = await refusal(optionsFor(address, { knownHostsFiles: [file] }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain("has changed: somebody may stand between");
    expect(error.message).toContain(`${file} has another in line 1`);
    const forget = /(ssh-keygen .*), then: (.*)$/.exec(error.hint ?? "") as RegExpExecArray;
    await run("sh", ["-c", `${forget[1]} && ${forget[2]}`]);
    await write(optionsFor(address, { knownHostsFiles: [file] }));
  });

  test("a revoked key is refused although it is known", async () => {
    const file = knownHosts("revoked", `${place} ${hostKey()}`, `@revoked * ${hostKey()}`);
    const error = await refusal(optionsFor(address, { knownHostsFiles: [file] }));
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", expect.stringContaining("was revoked")]);
  });

  test("a host is known by an alias, and by a hashed name", async () => {
    await write(optionsFor(address, { knownHostsFiles: [knownHosts("alias", `a ${hostKey()}`)], hostKeyAlias: "a" }));
    const hashed = knownHosts("hashed", `${place} ${hostKey()}`);
    await run("ssh-keygen", ["-H", "-f", hashed]);
    await write(optionsFor(address, { knownHostsFiles: [hashed] }));
  });

  test.for(["rsa", "ecdsa"])("an %s key lets in", async (type) => {
    await write(optionsFor(address, { identityFiles: [await newKey(address, type, "", type)] }));
  });

  test("an encrypted key asks for its passphrase, and the message tells", async () => {
    const identityFiles = [await newKey(address, "encrypted", "the passphrase")];
    await write(optionsFor(address, { identityFiles, passphrase: "the passphrase" }));
    const without = await refusal(optionsFor(address, { identityFiles }));
    expect(without.message).toContain("is encrypted, and no passphrase is known");
    const wrong = await refusal(optionsFor(address, { identityFiles, passphrase: "never-shown" }));
    expect(wrong.message).toContain("the passphrase does not open it");
    expect(wrong.message).not.toContain("never-shown");
    expect([without.code, wrong.code]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  });

  test("a wrong user, a wrong key and no key are told apart by what was tried", async () => {
    await makeKey(join(folder, "stranger"));
    const user = await refusal(optionsFor(address, { user: "no-such-user" }));
    const key = await refusal(optionsFor(address, { identityFiles: [join(folder, "stranger")] }));
    const none = await refusal(optionsFor(address, { identityFiles: [join(folder, "absent")], password: undefined }));
    for (const { code } of [user, key, none]) expect(code).toBe("UNAUTHENTICATED");
    expect(user.message).toContain("no-such-user@127.0.0.1");
    expect(key.message).toContain(`tried: ${join(folder, "stranger")}`);
    expect(none.message).toContain("there was nothing to try");
    expect(none.message).toContain("the server takes: publickey");
  });

  test("an agent's key lets in; with identitiesOnly only one that is named", async () => {
    const [good, other] = [await newKey(address, "in-agent"), join(folder, "not-in-agent")];
    await makeKey(other);
    const agent = join(folder, "agent");
    const child = spawn("ssh-agent", ["-D", "-a", agent], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(child.stdout, "data");
      await run("ssh-add", ["-q", good], { env: { ...process.env, SSH_AUTH_SOCK: agent } });
      // The private part is in the agent alone.
      copyFileSync(`${good}.pub`, join(folder, "named.pub"));
      await write(optionsFor(address, { identityFiles: [], agent }));
      await write(optionsFor(address, { identityFiles: [join(folder, "named")], agent, identitiesOnly: true }));
      const error = await refusal(optionsFor(address, { identityFiles: [other], agent, identitiesOnly: true }));
      expect(error.code).toBe("UNAUTHENTICATED");
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });

  test("an agent that is gone does not stand in the way of a key in a file", async () => {
    await write(optionsFor(address, { agent: join(folder, "no-agent") }));
  });

  test("a server is reached through hosts on the way, each known and logged in to by itself", async () => {
    const jump = hostOf(address);
    await write(optionsFor(address, { jumps: [jump, jump] }));
    const file = knownHosts("jump", `other.example ${hostKey()}`);
    const unknown = await refusal(optionsFor(address, { jumps: [{ ...jump, knownHostsFiles: [file] }] }));
    expect([unknown.code, unknown.message]).toEqual(["CONFIG_INVALID", expect.stringContaining("not a known host")]);
    const closed = await refusal(optionsFor(address, { port: 1, jumps: [jump] }));
    expect([closed.code, closed.message]).toEqual(["UNAVAILABLE", expect.stringContaining("127.0.0.1:1 through")]);
  });

  test("a folder that this user may not write to is refused, and is no absent key", async () => {
    expect((await refusal({ ...hostOf(address), path: "/usr" })).code).toBe("PERMISSION_DENIED");
    const options = optionsFor(address);
    await write(options);
    chmodSync(options.path as string, 0o000);
    const backend = await openSftp(options);
    const calls = [backend.get("key"), backend.get("absent"), backend.list(""), backend.delete(["key"])];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await backend.close();
    chmodSync(options.path as string, 0o700);
  });
});

test("an address where nobody listens is unavailable, and may be tried again", async () => {
  expect(await refusal({ host: "127.0.0.1", port: 1, user: "me" })).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
  });
});
