import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import {
  makeKey,
  type SftpServer,
  startByteWire,
  startOpenssh,
  startTappedSftp,
  type TappedSftp,
} from "@trunks/test-servers";
import { describe, expect, test } from "vitest";
import { StoreTrial, type Way } from "../support/store-trial.ts";
import { sftpUrl } from "../support/stores.ts";

/** For what is tried again until it goes through. */
const patienceMs = 60_000;

/** The trunk `app`, or a trunk in another folder, with changes to what the URL says. */
function wayTo(server: SftpServer, changes: Partial<SftpServer> = {}, folder = "app", port?: number): Way {
  return { url: sftpUrl({ ...server, ...changes }, folder, port ?? server.port), environment: {} };
}

describe("openssh", () => {
  let server: SftpServer;
  const trial = StoreTrial.begin(
    async () => {
      server = await startOpenssh();
      return server;
    },
    () => wayTo(server),
  );

  test("an unknown user", () =>
    trial.allSay(wayTo(server, { user: "nobody-at-all" }), /does not let this user in/, /check the user; add its key/));

  test("a wrong key", async () => {
    const identityFile = join(trial.sandbox.path, "stranger");
    await makeKey(identityFile);
    await trial.allSay(
      wayTo(server, { identityFile }),
      /does not let this user in; tried: /,
      /add its key on the server/,
    );
  });

  test("no such folder", () =>
    trial.allSay(wayTo(server, {}, "no-such-folder/app"), /has no folder \S+no-such-folder/, /mkdir -p/));

  /** With other rights to the folders of the trunk. */
  async function withRights(rights: number, work: () => Promise<void>): Promise<void> {
    const folders = readdirSync(server.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const folder of folders) chmodSync(folder, rights);
    try {
      await work();
    } finally {
      for (const folder of folders) chmodSync(folder, 0o755);
    }
  }

  test("one who may not list", () =>
    withRights(0o311, async () => {
      // By another URL, of whose trunk nothing is known yet.
      const wire = await startByteWire(server.port);
      const way = wayTo(server, {}, "app", wire.port);
      await trial.allSay(way, /this user may not/, /see on the server who may/).finally(() => wire.stop());
    }));

  test("one who may only read: fetches work, a push says who may write", () =>
    withRights(0o555, async () => {
      await trial.fetchWorks(wayTo(server));
      await trial.pushSays(wayTo(server), /this user may not/, /see on the server who may/);
    }));

  test("a key that ends in the middle of a push", async () => {
    const keys = join(dirname(server.identityFile), "authorized_keys");
    const before = readFileSync(keys);
    const wire = await startByteWire(server.port);
    wire.interrupt(8 * 2 ** 20, async () => writeFileSync(keys, ""));
    try {
      await trial.pushSays(
        wayTo(server, {}, "app", wire.port),
        /does not let this user in/,
        /add its key on the server/,
      );
    } finally {
      writeFileSync(keys, before);
      await wire.stop();
    }
  });
});

describe("openssh that takes one log-in at a time", () => {
  let server: SftpServer;
  const trial = StoreTrial.begin(
    async () => {
      server = await startOpenssh({ settings: ["MaxStartups 1"] });
      return server;
    },
    () => wayTo(server),
  );

  test("too many log-ins: the push waits and goes through", async () => {
    const wire = await startByteWire(server.port);
    const other = connect(server.port, "127.0.0.1");
    const greeted = new Promise((resolve) => other.once("data", resolve));
    try {
      await greeted;
      const pushing = trial.pushGoesThrough(wayTo(server, {}, "app", wire.port), wayTo(server));
      await expect.poll(() => wire.connections, { timeout: patienceMs }).toBeGreaterThan(1);
      other.destroy();
      await pushing;
    } finally {
      other.destroy();
      await wire.stop();
    }
  });
});

describe("openssh behind a tap", () => {
  let server: TappedSftp;
  const trial = StoreTrial.begin(
    async () => {
      server = await startTappedSftp();
      return server;
    },
    () => wayTo(server),
  );

  test.for(["before hardlink", "after hardlink", "after write", "after fsync"])(
    "a session that ends %s: the push goes through",
    async (at) => {
      server.cut(at);
      await trial.pushGoesThrough(wayTo(server), wayTo(server));
    },
  );
});

describe("openssh with a password", () => {
  const password = "a password of tests";
  let server: SftpServer;
  const way = (given: string): Way => {
    const { url } = wayTo(server);
    const root = url.slice("trunks::".length).replace("/app?", "?");
    return {
      url: "trunks://box/app",
      environment: { TRUNKS_STORAGE_BOX_URL: root, TRUNKS_STORAGE_BOX_PASSWORD: given },
    };
  };
  const trial = StoreTrial.begin(
    async () => {
      server = await startOpenssh({ password });
      return server;
    },
    () => way(password),
  );

  test("the right one lets in", async () => {
    await trial.fetchWorks(way(password));
    await trial.pushGoesThrough(way(password), way(password));
  });

  test("a wrong one does not, and is not shown", () =>
    trial.allSay(
      way("wrong"),
      /does not let this user in; tried: a password; the server takes: password/,
      /keep a password/,
    ));
});
