import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { isTrunksError } from "@trunks/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SftpOptions } from "../src/index.ts";
import { parseUrl } from "../src/url.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "trunks-home-"));
  mkdirSync(join(home, ".ssh", "config.d"), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(home, ".ssh", name), text);

function read(text: string, options = {}, environment: Record<string, string> = {}): Promise<SftpOptions> {
  return parseUrl(new URL(text), options, { HOME: home, ...environment });
}

async function refusal(text: string, options = {}): Promise<string> {
  const error = await read(text, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isTrunksError(error, "CONFIG_INVALID"), `${text}: ${error}`).toBe(true);
  return (error as Error).message;
}

test("a URL alone is completed as ssh would", async () => {
  expect(await read("sftp://files.example/srv/code", {}, { SSH_AUTH_SOCK: "/agent" })).toMatchObject({
    host: "files.example",
    port: 22,
    user: userInfo().username,
    path: "/srv/code",
    agent: "/agent",
    identitiesOnly: false,
    identityFiles: ["id_rsa", "id_ecdsa", "id_ed25519"].map((name) => join(home, ".ssh", name)),
    jumps: [],
    password: undefined,
  });
});

test("a path is absolute, or begins at the home", async () => {
  for (const [path, expected] of [
    ["", "/"],
    ["/", "/"],
    ["/a%20b/c", "/a b/c"],
    ["/~", ""],
    ["/~/code", "code"],
    ["/~other/code", "/~other/code"],
  ] as const) {
    expect((await read(`sftp://h${path}`)).path, path).toBe(expected);
  }
});

test("user, port and host are taken from the URL, and IPv6 addresses lose their brackets", async () => {
  expect(await read("sftp://a%40b@[::1]:2022/x")).toMatchObject({ host: "::1", port: 2022, user: "a@b" });
  expect(await read("sftp://u@h:1/x", { user: "v", port: "2" })).toMatchObject({ user: "v", port: 2 });
});

test("ssh's configuration fills in what the URL leaves open, and never more", async () => {
  write("config.d/work", "Host files\n  Port 2022\n  IdentityFile ~/.ssh/%h-%r\n");
  const lines = ["Include config.d/*", "Host files", "HostName files.example", "User git", "IdentityFile %d/second"];
  const more = ["UserKnownHostsFile ~/known %d/known2", "GlobalKnownHostsFile none", "HostKeyAlias alias"];
  write("config", [...lines, ...more, "IdentityAgent ~/agent", "IdentitiesOnly yes", "ConnectTimeout 7"].join("\n"));
  expect(await read("sftp://files/srv")).toMatchObject({
    host: "files.example",
    port: 2022,
    user: "git",
    identityFiles: [join(home, ".ssh", "files.example-git"), join(home, "second")],
    knownHostsFiles: [join(home, "known"), join(home, "known2")],
    hostKeyAlias: "alias",
    agent: join(home, "agent"),
    identitiesOnly: true,
    connectTimeoutMs: 7000,
  });
  expect(await read("sftp://me@files:1/srv")).toMatchObject({ host: "files.example", port: 1, user: "me" });
  expect(await read("sftp://files/srv?config=none")).toMatchObject({ host: "files", port: 22 });
});

test("options of the query and beside the URL are lines before those of the files", async () => {
  write("config", "IdentityFile ~/config\nUserKnownHostsFile ~/config\nProxyJump config\n");
  const found = await read("sftp://h/x?identityfile=/query&ProxyJump=none&userKnownHostsFile=/query", {
    identityFile: "/option",
    identityAgent: "none",
  });
  expect(found).toMatchObject({ identityFiles: ["/option"], agent: undefined, jumps: [] });
  expect(found.knownHostsFiles?.[0]).toBe("/query");
});

test("the agent is where the configuration says, variables included", async () => {
  const inBraces = "$" + "{OWN}";
  write("config", `Host a\nIdentityAgent $OWN\nHost b\nIdentityAgent ${inBraces}\nHost c\nIdentityAgent none\n`);
  const environment = { SSH_AUTH_SOCK: "/usual", OWN: "/own" };
  const agents = await Promise.all(["a", "b", "c", "d"].map((host) => read(`sftp://${host}/x`, {}, environment)));
  expect(agents.map(({ agent }) => agent)).toEqual(["/own", "/own", undefined, "/usual"]);
});

test("hosts on the way have configurations of their own", async () => {
  const lines = ["Host server", "ProxyJump u@first:2200,[::2]", "Host first", "HostName 10.0.0.1", "ProxyJump outer"];
  write("config", [...lines, "Host *", "User common", "ProxyJump outer"].join("\n"));
  const { jumps = [] } = await read("sftp://server/x");
  expect(jumps.map(({ host, port, user }) => [host, port, user])).toEqual([
    ["outer", 22, "common"],
    ["10.0.0.1", 2200, "u"],
    ["::2", 22, "common"],
  ]);
});

test("what ssh would do and this cannot is refused, not passed over", async () => {
  write("config", "Host a\nProxyCommand nc %h %p\nHost b\nProxyJump c\nHost c\nProxyJump d\nHost d\nProxyJump c\n");
  expect(await refusal("sftp://a/x")).toContain("ProxyCommand");
  expect(await refusal("sftp://b/x")).toContain("too many hosts");
});

test("a key among the options is the only one; one in the URL is tried beside the agent's", async () => {
  write("config", "IdentityFile ~/.ssh/of_config\n");
  for (const name of ["identityFile", "keyFile"]) {
    expect(await read("sftp://h/x", { [name]: "/key" })).toMatchObject({
      identityFiles: ["/key"],
      identitiesOnly: true,
    });
  }
  expect(await read("sftp://h/x", { keyFile: "/key", identitiesOnly: "no" })).toMatchObject({ identitiesOnly: false });
  expect(await read("sftp://h/x?identityFile=/key")).toMatchObject({
    identityFiles: ["/key", join(home, ".ssh", "of_config")],
    identitiesOnly: false,
  });
});

test("passwords come from options, never from URLs, and are not repeated", async () => {
  expect(await read("sftp://h/x", { password: "p", passphrase: "q" })).toMatchObject({
    password: "p",
    passphrase: "q",
  });
  for (const text of [
    "sftp://u:never-shown@h/x",
    "sftp://h/x?password=never-shown",
    "sftp://h/x?passphrase=never-shown",
  ]) {
    expect(await refusal(text)).not.toContain("never-shown");
  }
});

test("what is not known is refused", async () => {
  await refusal("sftp:///x");
  await refusal("sftp://h/x#y");
  await refusal("sftp://h/x?colour=red");
  await refusal("sftp://h/%ZZ");
  await refusal("sftp://h/x?connectTimeout=soon");
  await refusal("sftp://h/x?config=/no/such/file");
  await refusal("sftp://h/x", { port: "ssh" });
  await refusal("sftp://h/x", { privateKey: "x" });
  await refusal("scp://h/x");
});
