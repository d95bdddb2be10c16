import { appendFileSync, copyFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeKey, type SftpServer, startOpenssh } from "@trunks/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

describe("openssh", () => {
  let started: SftpServer | string;
  let server: SftpServer;
  let sandbox: Sandbox;

  beforeAll(async () => {
    started = await ifAvailable(startOpenssh);
  }, 15 * 60_000);
  afterAll(async () => {
    if (typeof started === "object") await started.stop();
  });
  beforeEach(async (context) => {
    if (typeof started === "string") context.skip(started);
    server = started as SftpServer;
    sandbox = new Sandbox();
    await sandbox.git(["init", "-q"]);
  });
  afterEach(() => sandbox?.remove());

  test("a server described by fields: user, port, an encrypted key, known hosts and a host on the way", async () => {
    const key = join(sandbox.path, "key");
    await makeKey(key, "the passphrase");
    appendFileSync(join(dirname(server.identityFile), "authorized_keys"), readFileSync(`${key}.pub`));
    copyFileSync(server.knownHostsFile, join(sandbox.path, "hosts"));
    const { host, port, user, folder } = server;
    // The host on the way is who ssh's configuration says that it is.
    const way = [`HostName ${host}`, `Port ${port}`, `User ${user}`, `IdentityFile ${server.identityFile}`];
    sandbox.write("home/.ssh/config", `Host way\n${way.join("\n")}\nUserKnownHostsFile ${server.knownHostsFile}\n`);
    const fields = {
      "--backend": "sftp",
      "--host": host,
      "--port": String(port),
      "--user": user,
      "--path": folder,
      "--known-hosts": "hosts",
      "--jump-host": "way",
      "--key-file": "key",
      "--passphrase": "-",
    };
    const flags = Object.entries(fields).flat();
    const add = (args: readonly string[], input: string) =>
      trunksJson<object>(sandbox, ["storage", "add", "primary", ...args], { input });
    expect(await add(flags, "a wrong one\n")).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("the passphrase does not open it"),
    });
    expect(await add(flags, "the passphrase\n")).toMatchObject({
      url: `sftp://${user}@${host}:${port}${folder}`,
      options: { userKnownHostsFile: join(sandbox.path, "hosts"), proxyJump: "way" },
      secrets: { keyFile: "***", passphrase: "***" },
    });
    // Its files were named from where the user stood, and are found from anywhere.
    sandbox.write("below/file", "");
    const options = { folder: "below", environment: { SSH_AUTH_SOCK: "" } };
    expect((await trunks(sandbox, ["storage", "ping", "primary"], options)).status).toBe(0);
    expect(await trunksJson(sandbox, ["storage", "update", "primary", "--jump-host", "127.0.0.1:1"])).toMatchObject({
      object: "error",
      message: expect.stringContaining("127.0.0.1:1"),
    });
  });

  test("the key that a storage names is the only one that is offered", async () => {
    await makeKey(join(sandbox.path, "stranger"));
    sandbox.write(
      "home/.ssh/config",
      `IdentityFile ${server.identityFile}\nUserKnownHostsFile ${server.knownHostsFile}\n`,
    );
    const url = `sftp://${server.user}@${server.host}:${server.port}${server.folder}`;
    const added = await trunksJson(sandbox, ["storage", "add", "primary", "--url", url, "--key-file", "stranger"]);
    expect(added).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringMatching(/tried: \S*\/stranger[^,]*$/),
    });
    expect(await trunksJson(sandbox, ["storage", "add", "primary", "--url", url])).toMatchObject({ object: "storage" });
  });
});
