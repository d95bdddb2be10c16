import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fingerprint, KnownHosts, parseKnownHosts } from "../src/known-hosts.ts";

const run = promisify(execFile);

/** A key as it comes over the wire: its type, and 32 bytes that stand for the rest. */
function keyOf(type: string, seed: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(type.length);
  return Buffer.concat([head, Buffer.from(type), Buffer.alloc(32, seed)]);
}

const [ed25519, otherEd25519, rsa] = [keyOf("ssh-ed25519", 1), keyOf("ssh-ed25519", 2), keyOf("ssh-rsa", 3)];
const lineOf = (names: string, key: Buffer) =>
  `${names} ${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${key.toString("base64")}`;
const known = (...lines: string[]) => new KnownHosts(parseKnownHosts(lines.join("\n"), "file"));

test("a host is known by its name, by a list of names, and by patterns", () => {
  for (const names of ["files.example", "a,files.example,b", "*.example", "f?les.*", "FILES.example"]) {
    expect(known(lineOf(names, ed25519)).check("files.example", ed25519), names).toEqual({ kind: "known" });
  }
  for (const names of ["example", "*.example,!files.example", "files.example.", "filesxexample", "|1|AAAA|AAAA"]) {
    expect(known(lineOf(names, ed25519)).check("files.example", ed25519), names).toEqual({ kind: "unknown" });
  }
});

test("a port makes another host, unless the key is known without it", () => {
  const lines = known(lineOf("[files.example]:2022", ed25519), lineOf("files.example", rsa));
  expect(lines.check("[files.example]:2022", ed25519).kind).toBe("known");
  expect(lines.check("[files.example]:2022", rsa).kind).toBe("known");
  expect(lines.check("[files.example]:2023", ed25519).kind).toBe("unknown");
  expect(lines.check("files.example", ed25519).kind).toBe("unknown");
  expect(known(lineOf("files.example", ed25519)).check("[files.example]:1", otherEd25519).kind).toBe("unknown");
});

test("another key of the same type is a change, and of another type a stranger", () => {
  const lines = known("# comment", "", lineOf("files.example", ed25519));
  expect(lines.check("files.example", otherEd25519)).toEqual({ kind: "changed", file: "file", line: 3 });
  expect(lines.check("files.example", rsa)).toEqual({ kind: "unknown" });
  const both = known(lineOf("files.example", ed25519), lineOf("files.example", otherEd25519));
  expect(both.check("files.example", otherEd25519)).toEqual({ kind: "known" });
});

test("a revoked key is refused even where it is known", () => {
  const lines = known(lineOf("files.example", ed25519), `@revoked ${lineOf("*", ed25519)}`);
  expect(lines.check("files.example", ed25519)).toEqual({ kind: "revoked", file: "file", line: 2 });
  expect(known(`@revoked ${lineOf("*", ed25519)}`).check("files.example", otherEd25519)).toEqual({ kind: "unknown" });
});

test("authorities of certificates vouch for nobody", () => {
  const lines = known(`@cert-authority ${lineOf("*", ed25519)}`);
  expect(lines.check("files.example", ed25519)).toEqual({ kind: "unknown" });
});

test("algorithms of known keys are offered first", () => {
  expect(known(lineOf("files.example", rsa)).algorithms("files.example").slice(0, 3)).toEqual([
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-ed25519",
  ]);
  expect(known(lineOf("files.example", rsa)).algorithms("[files.example]:2022")[0]).toBe("rsa-sha2-512");
  expect(known(lineOf("other.example", rsa)).algorithms("files.example")[0]).toBe("ssh-ed25519");
});

test("what ssh-keygen writes is understood: hashed names, and its fingerprints", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunks-known-hosts-"));
  try {
    const file = join(folder, "known_hosts");
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
    const { stdout } = await run("ssh-keygen", ["-l", "-f", join(folder, "key.pub")]);
    const { stdout: line } = await run("cat", [join(folder, "key.pub")]);
    const [type, text = ""] = line.split(" ");
    await writeFile(file, `files.example ${type} ${text}\n[files.example]:2022 ${type} ${text}\n`);
    await run("ssh-keygen", ["-H", "-f", file]);
    const key = Buffer.from(text, "base64");
    expect(stdout).toContain(fingerprint(key));
    const hosts = await KnownHosts.read([join(folder, "absent"), file]);
    expect(hosts.check("files.example", key).kind).toBe("known");
    expect(hosts.check("[files.example]:2022", key).kind).toBe("known");
    expect(hosts.check("other.example", key).kind).toBe("unknown");
    expect(hosts.check("files.example", otherEd25519)).toEqual({ kind: "changed", file, line: 1 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
