import { startProxy, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../support/noise.ts";
import { Sandbox } from "../support/sandbox.ts";
import { s3Environment, s3Url } from "../support/stores.ts";

/** A store whose reads of packs are seen. */
interface WatchedStore {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes of packs that were asked for since the last question, and in how many requests. */
  takeReads(): { readonly bytes: number; readonly requests: number };
  stop(): Promise<void>;
}

async function watchedS3(): Promise<WatchedStore> {
  const server = await startVersity();
  const proxy = await startProxy(server.endpoint);
  return {
    url: s3Url(server, proxy.endpoint, "team/app"),
    environment: s3Environment(server),
    takeReads() {
      const reads = proxy.requests.filter(({ method, path }) => method === "GET" && path.endsWith(".pack"));
      const bytes = reads.reduce((sum, { headers }) => sum + rangeSize(headers.range), 0);
      proxy.use(() => ({ do: "pass" }));
      return { bytes, requests: reads.length };
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** Of `bytes=0-99`. What was asked for without a range is as much as one likes. */
function rangeSize(range: string | undefined): number {
  const found = /^bytes=([0-9]+)-([0-9]+)$/.exec(range ?? "");
  return found === null ? Number.POSITIVE_INFINITY : Number(found[2]) - Number(found[1]) + 1;
}

const commitCount = 60;
const fileSizeBytes = 65_536;
/** What all commits bring, about. */
const historySizeBytes = commitCount * fileSizeBytes;

/** A line of commits, each of which writes one large file anew, and a small one of its own. */
function history(): Uint8Array {
  const parts: (string | Uint8Array)[] = [];
  for (let number = 1; number <= commitCount; number++) {
    const data = noise(fileSizeBytes, number);
    parts.push(
      `commit refs/heads/main\ncommitter A <a@example.org> ${1_600_000_000 + number} +0000\ndata 2\nm\n`,
      `M 644 inline large.bin\ndata ${data.length}\n`,
      data,
      `\nM 644 inline folder-${number % 4}/${number}.txt\ndata ${String(number).length}\n${number}\n`,
    );
  }
  const patterns = "/folder-1/\n!/folder-1/5.txt\n";
  parts.push(`M 644 inline patterns\ndata ${patterns.length}\n${patterns}\n`);
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

describe("a part of a trunk on S3", () => {
  let sandbox: Sandbox;
  let store: WatchedStore;

  beforeAll(async () => {
    sandbox = new Sandbox();
    store = await watchedS3();
    await sandbox.git(["init", "-q", "work"]);
    await sandbox.git(["fast-import", "--quiet"], { folder: "work", input: history() });
    await git("work", "push", "-q", store.url, "main");
  }, 120_000);
  afterAll(async () => {
    await sandbox.remove();
    await store?.stop();
  });

  const git = (folder: string, ...args: string[]) => sandbox.git(args, { folder, environment: store.environment });
  /** The bytes of packs that a run of git asks for. */
  async function asked(folder: string, ...args: string[]) {
    store.takeReads();
    await git(folder, ...args);
    return store.takeReads();
  }
  const missing = async (folder: string) =>
    (await git(folder, "rev-list", "--objects", "--missing=print", "main")).match(/^\?/gm)?.length ?? 0;
  async function expectWhole(folder: string): Promise<void> {
    expect(await git(folder, "fsck", "--strict", "--no-dangling")).toBe("");
    expect(await missing(folder)).toBe(0);
    expect(await git(folder, "rev-list", "--objects", "main")).toBe(await git("work", "rev-list", "--objects", "main"));
  }

  test("--depth=1 reads what one commit needs; --deepen the next ones; --unshallow brings the rest", async () => {
    const { bytes } = await asked("", "clone", "-q", "--depth=1", store.url, "shallow");
    expect(bytes).toBeLessThan(historySizeBytes / 8);
    expect(await git("shallow", "fsck", "--strict")).toBe("");
    const deeper = await asked("shallow", "fetch", "-q", "--deepen=2");
    expect(deeper.bytes).toBeLessThan(historySizeBytes / 6);
    expect(await git("shallow", "rev-list", "--count", "main")).toBe("3");
    await git("shallow", "fetch", "-q", "--unshallow");
    await expectWhole("shallow");
  }, 120_000);

  test.each([
    ["blob:none", 2 * commitCount + 1],
    ["blob:limit=1k", commitCount],
  ])(
    "--filter=%s reads no large file, what is looked at comes in few requests, and --refetch brings the rest",
    async (filter, lacking) => {
      const folder = `clone-${filter.replaceAll(/\W/g, "-")}`;
      const { bytes } = await asked("", "clone", "-q", "--no-checkout", `--filter=${filter}`, store.url, folder);
      expect(bytes).toBeLessThan(historySizeBytes / 2);
      expect(await missing(folder)).toBe(lacking);
      const checkout = await asked(folder, "checkout", "-q", "main");
      expect(checkout.bytes).toBeLessThan(historySizeBytes / 4);
      expect(checkout.requests).toBeLessThan(16);
      expect(await git(folder, "status", "--porcelain")).toBe("");
      await git(folder, "fetch", "-q", "--refetch", "--no-filter", "origin");
      await expectWhole(folder);
    },
    120_000,
  );

  test("--filter=sparse:oid reads what the patterns match", async () => {
    const filter = "--filter=sparse:oid=main:patterns";
    const { bytes } = await asked("", "clone", "-q", "--bare", filter, store.url, "sparse");
    expect(bytes).toBeLessThan(historySizeBytes / 2);
    const listing = ["rev-list", "--objects", "--no-object-names"];
    const expected = await git("work", ...listing, filter, "main");
    const found = await git("sparse", ...listing, "--missing=print", "main");
    const here = found.split("\n").filter((line) => !line.startsWith("?"));
    expect(here.sort()).toEqual(expected.split("\n").sort());
    expect(await git("sparse", "cat-file", "-p", "main:folder-2/6.txt")).toBe("6");
  }, 120_000);

  test("--filter=tree:0 with --depth=1 reads next to nothing", async () => {
    const { bytes } = await asked("", "clone", "-q", "--bare", "--depth=1", "--filter=tree:0", store.url, "least");
    expect(bytes).toBeLessThan(historySizeBytes / 16);
    expect(await git("least", "cat-file", "-p", "main:folder-0/60.txt")).toBe("60");
  }, 120_000);

  test("a shallow clone that is one commit behind reads that commit", async () => {
    await git("", "clone", "-q", "--depth=1", store.url, "behind");
    await git("work", "checkout", "-q", "-f", "main");
    sandbox.write("work/large.bin", noise(1_500_000, 99));
    await git("work", "commit", "-q", "-a", "-m", "more");
    await git("work", "push", "-q", store.url, "main");
    const { bytes } = await asked("behind", "fetch", "-q");
    expect(bytes).toBeLessThan(1_500_000 + historySizeBytes / 8);
    expect(await git("behind", "rev-list", "--count", "origin/main")).toBe("2");
    expect(await git("behind", "fsck", "--strict")).toBe("");
  }, 120_000);
});
