import { randomBytes } from "node:crypto";
import { scope } from "@trunks/layers";
import { openLocation } from "@trunks/location";
import {
  type PostgresServer,
  type S3Server,
  ServerUnavailableError,
  type SftpServer,
  startOpenssh,
  startPostgres,
  startVersity,
} from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { type Ending, ending } from "../support/ending.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { type CommandOptions, Sandbox } from "../support/sandbox.ts";
import { trunksJson, trunksText } from "../support/trunks.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;
const wentWell = { status: 0, messages: "" };
const names = ["bucket", "database", "nas", "disk"] as const;
type Name = (typeof names)[number];

describe("versity, postgres, openssh and a folder, as mirrors of one another", () => {
  let sandbox: Sandbox;
  let s3: S3Server;
  let postgres: PostgresServer;
  let sftp: SftpServer;
  let missing: string | undefined;
  let work: string;

  beforeAll(async () => {
    sandbox = new Sandbox();
    try {
      s3 = await startVersity();
      postgres = await startPostgres();
      sftp = await startOpenssh();
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      missing = error.message;
    }
  }, startTimeoutMs);
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
    work = `app-${randomBytes(4).toString("hex")}`;
  });
  afterAll(async () => {
    await sandbox.remove();
    await Promise.all([s3?.stop(), postgres?.stop(), sftp?.stop()]);
  });

  /** A store's URL, and what `storage add` takes beside it, with its secret on standard input. */
  function root(name: Name): { readonly url: string; readonly args: readonly string[]; readonly input?: string } {
    if (name === "bucket") {
      const url = `s3://${s3.bucket}/team?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`;
      return { url, args: ["--access-key", s3.accessKey, "--secret-key", "-"], input: `${s3.secretKey}\n` };
    }
    if (name === "database") {
      const { user, host, port, database, password } = postgres;
      const url = `postgres://${user}@${host}:${port}/${database}/team`;
      return { url, args: ["--password", "-"], input: `${password}\n` };
    }
    if (name === "nas") {
      const { user, host, port, folder, identityFile, knownHostsFile } = sftp;
      const query = `config=none&identityAgent=none&identityFile=${identityFile}&userKnownHostsFile=${knownHostsFile}`;
      return { url: `sftp://${user}@${host}:${port}${folder}?${query}`, args: [] };
    }
    return { url: `local://${sandbox.path}/store`, args: [] };
  }

  /** The same for machines that say it in their environment. */
  function environment(...known: readonly Name[]): Record<string, string> {
    const secrets = {
      TRUNKS_STORAGE_BUCKET_ACCESS_KEY: s3.accessKey,
      TRUNKS_STORAGE_BUCKET_SECRET_KEY: s3.secretKey,
      TRUNKS_STORAGE_DATABASE_PASSWORD: postgres.password,
    };
    const urls = known.map((name) => [`TRUNKS_STORAGE_${name.toUpperCase()}_URL`, root(name).url]);
    return { ...secrets, ...Object.fromEntries(urls) };
  }

  async function add(name: Name, ...args: readonly string[]): Promise<void> {
    const { url, args: secrets, input } = root(name);
    await trunksText(sandbox, ["storage", "add", name, "--url", url, ...secrets, ...args], { folder: work, input });
  }

  /** Makes a repository whose trunk lies in `primary`, with all others as strict mirrors. */
  async function begin(primary: Name): Promise<void> {
    await makeRepository(sandbox, work);
    await add(primary);
    await trunksText(sandbox, ["init", "--storage", primary], { folder: work });
    expect(await push()).toEqual(wentWell);
    for (const name of names) if (name !== primary) await add(name, "--mirror");
  }

  function push(options: CommandOptions = {}): Promise<Ending> {
    return ending(sandbox, ["push", "-q", "-u", "origin", "main"], { folder: work, ...options });
  }

  /** The trunk in a store, with that store's secrets. */
  async function main(name: Name): Promise<string | undefined> {
    const scratch = `${work}-at-${name}`;
    await sandbox.git(["init", "-q", scratch]);
    const variables = { ...sandbox.environment, ...environment(name) };
    const asked = await sandbox.git(["ls-remote", "-q", `trunks://${name}/${work}`, "refs/heads/main"], {
      environment: variables,
    });
    const { refs } = await inEnvironment(variables, () =>
      checkedClone(sandbox, `trunks://${name}/${work}`, `${scratch}-clone`),
    );
    expect(refs).toContain(asked.replace("\t", " "));
    return asked.split("\t")[0];
  }

  /** `checkedClone` knows no environment of its own. */
  async function inEnvironment<Answer>(
    variables: Record<string, string>,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const before = sandbox.environment;
    Object.defineProperty(sandbox, "environment", { value: variables, configurable: true });
    try {
      return await work();
    } finally {
      Object.defineProperty(sandbox, "environment", { value: before, configurable: true });
    }
  }

  async function behind(): Promise<Record<string, number | null>> {
    const { data } = await trunksJson<{ data: { name: string; mirror_state?: { behind: number | null } }[] }>(
      sandbox,
      ["storage", "list"],
      { folder: work },
    );
    return Object.fromEntries(data.flatMap(({ name, mirror_state: state }) => (state ? [[name, state.behind]] : [])));
  }

  test("each is the primary in turn: a push in parts reaches all of them, and each can be cloned", async () => {
    await begin("bucket");
    let id = "";
    for (const primary of names) {
      if (primary !== "bucket") {
        await trunksText(sandbox, ["storage", "promote", primary], { folder: work });
        // Its secrets are in the settings, and found by the URL that a refused push names.
        const [, url = ""] = /git remote set-url <remote> (\S+)/.exec((await push()).messages) ?? [];
        await sandbox.git(["remote", "set-url", "origin", url], { folder: work });
      }
      id = await commit(sandbox, work, primary, { large: randomBytes(9 * 2 ** 20) });
      expect([primary, await push()]).toEqual([primary, wentWell]);
      const others = names.filter((name) => name !== primary);
      expect(await behind()).toEqual(Object.fromEntries(others.map((name) => [name, 0])));
    }
    for (const name of names) expect([name, await main(name)]).toEqual([name, id]);
  });

  test("a server that is killed stops pushes while it is a mirror, and is replaced when it was the primary", async () => {
    await begin("bucket");
    const before = await main("bucket");
    const id = await commit(sandbox, work, "second", { large: randomBytes(2 ** 21) });
    await postgres.kill();
    const stopped = await push();
    expect(stopped.status).not.toBe(0);
    expect(stopped.messages).toMatch(/^fatal: the mirror database \(postgres:\/\/.*\n/);
    expect(stopped.messages).toMatch(/\nhint: .*`trunks storage sync database`/);
    expect(await main("bucket")).toBe(before);
    expect(await behind()).toEqual({ database: null, nas: 0, disk: 0 });
    await postgres.restart();
    expect(await push()).toEqual(wentWell);
    expect(await behind()).toEqual({ database: 0, nas: 0, disk: 0 });

    await s3.kill();
    try {
      // A machine that has a mirror's URL, and that mirror's secret.
      const known = { ...environment("database", "nas", "disk") };
      const copy = `${work}-copy`;
      const cloned = await ending(sandbox, ["clone", "-q", `trunks://database/${work}`, copy], { environment: known });
      expect([cloned.status, cloned.messages]).toEqual([
        0,
        expect.stringMatching(/^warning: this is database, a strict mirror of this trunk; its primary is bucket, s3:/),
      ]);
      expect(await sandbox.git(["rev-parse", "HEAD"], { folder: copy })).toBe(id);
      const there = { folder: copy, environment: known };
      await trunksText(sandbox, ["storage", "promote", "nas", "--gone", "bucket"], there);
      await sandbox.git(["remote", "set-url", "origin", `trunks://nas/${work}`], { folder: copy });
      const last = await commit(sandbox, copy, "third");
      expect(await push(there)).toEqual(wentWell);
      for (const name of ["database", "nas", "disk"] as const) expect([name, await main(name)]).toEqual([name, last]);
    } finally {
      await s3.restart();
    }
    await commit(sandbox, work, "by one who was away");
    const refused = await push();
    expect(refused.status).not.toBe(0);
    expect(refused.messages).toMatch(/nas was made the primary since: sftp:/);
    expect(await main("bucket")).toBe(id);
  });

  test("what is damaged or gone in each of them is found by `sync --verify`, and mended", async () => {
    await begin("disk");
    await commit(sandbox, work, "large", { large: randomBytes(9 * 2 ** 20) });
    expect(await push()).toEqual(wentWell);
    const copies = names.filter((name) => name !== "disk");
    const damaged = await Promise.all(copies.map(damage));
    const verify = () =>
      trunksJson<{ data: { name: string; behind: number; verification: object }[] }>(
        sandbox,
        ["storage", "sync", "--verify"],
        { folder: work },
      );
    const problem = (subject: string, code: string) => ({ severity: "warning", code, subject });
    const { data } = await verify();
    expect(data.map(({ name }) => name)).toEqual([...copies].sort());
    for (const [index, name] of copies.entries()) {
      const { pack, indexFile, record } = damaged[index] as Awaited<ReturnType<typeof damage>>;
      const { verification } = data.find((one) => one.name === name) ?? {};
      expect([name, verification]).toMatchObject([
        name,
        {
          ok: true,
          mended: 3,
          problems: expect.arrayContaining(
            [problem(pack, "CORRUPT"), problem(indexFile, "MISSING"), problem(record, "CORRUPT")].map((one) =>
              expect.objectContaining(one),
            ),
          ),
        },
      ]);
    }
    for (const { behind, verification } of (await verify()).data) {
      expect({ behind, verification }).toMatchObject({
        behind: 0,
        verification: { ok: true, mended: 0, problems: [] },
      });
    }
    const id = await sandbox.git(["rev-parse", "HEAD"], { folder: work });
    for (const name of names) expect([name, await main(name)]).toEqual([name, id]);
  });

  /** Flips a bit of a pack in a store, takes its index away, and cuts a record short. */
  async function damage(name: Name) {
    const environmentOfStore = { ...process.env, ...environment(name) };
    const { backend, prefix } = await openLocation(`trunks://${name}/${work}`, {
      environment: environmentOfStore,
      installations: [import.meta.dirname],
    });
    const trunk = scope(backend, prefix);
    const bytesOf = async (key: string) => Uint8Array.from((await (await trunk.get(key))?.bytes()) as Uint8Array);
    try {
      const pack = (await trunk.list("chunks/")).keys.map(({ key }) => key).find((key) => key.endsWith(".pack")) ?? "";
      const bytes = await bytesOf(pack);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      await trunk.put(pack, bytes);
      const indexFile = pack.replace(/pack$/, "idx");
      await trunk.delete([indexFile]);
      const record = (await trunk.list("journal/")).keys.at(-1)?.key ?? "";
      await trunk.put(record, (await bytesOf(record)).subarray(0, 100));
      return { pack, indexFile, record };
    } finally {
      await backend.close();
    }
  }

  test("a machine with the primary's URL alone finds the mirrors, and is asked to name the hosts that only the map names", async () => {
    await begin("disk");
    const copy = `${work}-copy`;
    await sandbox.git(["clone", "-q", `trunks::local://${sandbox.path}/store/${work}`, copy]);
    await commit(sandbox, copy, "second");
    const refused = await push({ folder: copy });
    expect(refused.status).not.toBe(0);
    expect(refused.messages).toMatch(/the trunk names a host of its own choice for (bucket|database)/);
    expect(refused.messages).toMatch(/TRUNKS_STORAGE_(BUCKET|DATABASE)_URL/);
    const known = environment("bucket", "database");
    expect(await push({ folder: copy, environment: known })).toEqual(wentWell);
    const id = await sandbox.git(["rev-parse", "HEAD"], { folder: copy });
    for (const name of names) expect([name, await main(name)]).toEqual([name, id]);
  });
});
