import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ServerUnavailableError, startGitHttp } from "@trunks/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { type BlockRun, Reader, runnableBlocks } from "./support/page-run.ts";
import { notImplemented, startPresetServer } from "./support/s3-presets.ts";
import { type StorePageName, storePages } from "./support/store-page.ts";

/**
 * What the pages tell their readers to type is typed here, on a real server of each kind, with its address in the place
 * of the page's. The only other change is that `trunks verify` asks the short form: the backends' own suites ask the long one.
 */
const reader = new Reader();
const shortly = { "trunks verify ": "trunks verify --probe " };

/** Blocks that nobody runs, with the reason. */
const excused: Readonly<Record<string, string>> = {
  "README.md 1": "`npm test` is what runs this",
  "docs/backends/local.md 2": "needs setfacl, and a file system with its lists",
  ...Object.fromEntries([0, 1].map((block) => [`docs/backends/r2.md ${block}`, "workers.test.ts runs it"])),
  "packages/backend-r2/README.md 0": "workers.test.ts installs the same",
  "apps/create-backend/README.md 0": "docs/writing-a-backend.md begins with the same, and is run",
  "contract-tests/README.md 0": "docs/writing-a-backend.md has the same in full, and is run",
};

const followed = new Set<string>();
/** Why servers are missing, and with them the runs of their pages. */
const absent: string[] = [];

const follow = (run: BlockRun) => {
  followed.add(`${run.page} ${run.block}`);
  return reader.follow(run);
};

beforeAll(() => reader.begin());
afterAll(() => reader.remove());

/** What a page writes at the end: a first write to the backend that its program has opened. */
const createOnce = `import { randomUUID } from "node:crypto";
console.log("created:", await backend.create(\`docs/\${randomUUID()}\`, new Uint8Array(3)));
await backend.close();`;

/** A server for one test, which is skipped where the machine cannot have it. */
async function serve<Server extends { stop(): Promise<void> }>(context: TestContext, start: () => Promise<Server>) {
  try {
    const server = await start();
    onTestFinished(() => server.stop());
    return server;
  } catch (error) {
    if (error instanceof ServerUnavailableError) {
      absent.push(error.message);
      context.skip(error.message);
    }
    throw error;
  }
}

/** `main` has arrived at `origin`; the next page may call another place so. */
async function expectPushed(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const heads = await reader.shell("git ls-remote origin refs/heads/main", "my-app", environment);
  expect(heads).toContain((await reader.shell("git rev-parse main", "my-app")).trim());
  await reader.shell("git remote remove origin", "my-app");
}

describe("the page of each store", () => {
  test("local", async () => {
    const page = "docs/backends/local.md";
    await follow({ page, block: 0, changes: { "/srv/code": join(reader.path, "srv/code") } });
    await expectPushed();
    expect(await reader.shell("git log --format=%s", "elsewhere")).toBe("one\n");
    const own = { developers: "$(id -gn)", "/srv/code": join(reader.path, "srv/code") };
    await follow({ page, block: 1, changes: own });
    const changes = { ...shortly, "/mnt/share": join(reader.path, "mnt/share") };
    expect(await follow({ page, block: 3, changes })).toContain(" 0 failed");
  });

  test.for(Object.keys(storePages) as StorePageName[])("%s", async (name, context) => {
    const server = await serve(context, storePages[name]);
    const { environment, before } = server;
    const page = `docs/backends/${name}.md`;
    for (const [path, text] of Object.entries(server.home ?? {})) reader.write(join("home", path), text);
    const changes = { ...reader.packed("@trunks/cli", server.package), ...shortly, ...server.shell };
    expect(await follow({ page, block: 0, changes, folder: "my-app" })).toContain(" 0 failed");
    await expectPushed(environment);
    await reader.need(server.package);
    const block = runnableBlocks(page).findIndex(({ language }) => language === "ts");
    const program = { page, block, changes: server.program, environment, before, behind: createOnce };
    expect(await follow(program)).toContain("created: true");
    if (server.readme === undefined) return;
    const readme = { ...reader.packed("@trunks/cli", server.package), ...server.readme };
    await reader.shell(`mkdir cloned-${name}`);
    await follow({
      page: `packages/${server.package.replace("@trunks/", "")}/README.md`,
      block: 0,
      changes: readme,
      folder: `cloned-${name}`,
    });
  });

  const s3Page = "docs/backends/s3.md";

  test("s3: each preset's set-up, at a real server's address in the place of the vendor's", async (context) => {
    const { presets, environment } = await serve(context, startPresetServer);
    for (const [block, { scheme, changes }] of presets.entries()) {
      if (scheme === "b2") continue;
      const told = await follow({
        page: s3Page,
        block: block + 1,
        changes: { ...shortly, ...changes },
        folder: "my-app",
      });
      expect(told, scheme).toContain(" 0 failed");
      await expectPushed(environment);
    }
  });

  test("s3: B2's set-up, at a server that refuses as B2 does, ends as the page says", async (context) => {
    const { presets, proxy } = await serve(context, startPresetServer);
    proxy.use(({ method, headers }) =>
      method === "PUT" && headers["if-none-match"] !== undefined ? notImplemented : { do: "pass" },
    );
    const block = presets.findIndex(({ scheme }) => scheme === "b2");
    const { changes } = presets[block] as (typeof presets)[number];
    const failing = { "trunks verify ": "! trunks verify --probe ", "git push": "! git push" };
    const told = await follow({
      page: s3Page,
      block: block + 1,
      changes: { ...changes, ...failing },
      folder: "my-app",
    });
    expect(told).toMatch(/[1-9]\d* failed/);
    expect(told).toMatch(/fatal: .*501 NotImplemented/);
    await reader.shell("git remote remove origin", "my-app");
  });
});

test("README.md and those of the programs, on S3 and a folder", async (context) => {
  // The variables say which server; only the bucket's name is another.
  const { environment, shell } = await serve(context, storePages.s3);
  const bucket = { "//company-code": shell["//my-bucket"] as string };
  const share = { "file:///mnt/share": `file://${reader.path}/mnt/share` };
  await reader.shell(`git push -q trunks::file://${reader.path}/mnt/share/my-app main`, "my-app");
  const packed = reader.packed("@trunks/cli", "@trunks/backend-s3");
  // The last line's clone must not meet the folder that the block has begun in.
  const away = { "git clone ": "cd ..; mkdir clones; cd clones; git clone " };
  await follow({ page: "README.md", block: 2, changes: { ...packed, ...bucket, ...share, ...away }, environment });
  await expectPushed(environment);
  const inClone = {
    "\ngit push  ": "\ncd my-app; git commit -q --allow-empty -m two; git tag v1.0; git branch release\ngit push  ",
  };
  await reader.shell("mkdir company");
  await follow({ page: "README.md", block: 0, changes: { ...bucket, ...inClone }, environment, folder: "company" });
  expect(await reader.shell("git ls-remote origin", "company/my-app", environment)).toMatch(
    /refs\/heads\/main\n.*refs\/heads\/release\n.*refs\/tags\/v1\.0\n/,
  );
  await reader.shell("mkdir programs");
  const cli = { page: "apps/cli/README.md", block: 0, folder: "programs" };
  await follow({ ...cli, changes: { ...reader.packed("@trunks/cli"), ...share } });
  const s3 = { page: "packages/backend-s3/README.md", block: 0, folder: "programs", environment };
  await follow({ ...s3, changes: { ...packed, "s3://bucket/team/app": `s3:${shell["//my-bucket"]}/my-app app` } });
});

test("mirrors, in a bucket, on a machine with SSH and in a folder", async (context) => {
  const bucket = await serve(context, storePages.s3);
  const files = await serve(context, storePages.sftp);
  const { environment } = bucket;
  for (const [path, text] of Object.entries(files.home ?? {})) reader.write(join("home", path), text);
  await reader.shell(
    `npm install --global ${Object.values(reader.packed("@trunks/backend-s3", "@trunks/backend-sftp"))}`,
  );
  await reader.shell(
    "mkdir mirrored mirrored/share; cd mirrored; git init -q my-app; git -C my-app commit -q --allow-empty -m one",
  );
  const [user, folder] = [files.shell["me@"] as string, files.shell["/srv/code"] as string];
  await reader.shell(`ssh -F "$HOME/.ssh/config" ${user}files.example mkdir -p ${folder}`);
  const page = "docs/mirrors.md";
  const place = { "me@": user, "/srv/code": folder };
  const { "//my-bucket": name, "region=eu-central-1": region } = bucket.shell as Record<string, string>;
  const changes = { ...place, "//my-bucket": name as string, "region=eu-central-1": region as string };
  const share = { "file:///mnt/share": `file://${reader.path}/mirrored/share` };
  const mine = { folder: "mirrored/my-app", environment };
  const told = await follow({ ...mine, page, block: 0, changes: { ...changes, ...share } });
  expect(told).toMatch(/^archive .*mirror: lagging, even\nbackup .*mirror: strict, even\nprimary .*default/m);
  await reader.shell("git commit -q --allow-empty -m two", mine.folder);
  await follow({ ...mine, page, block: 1 });
  await reader.shell(
    "trunks storage promote primary; git remote set-url origin trunks://primary/my-app",
    mine.folder,
    environment,
  );
  await bucket.stop();
  const pushed = { "git push": "git commit -q --allow-empty -m three\ngit push" };
  await follow({ page, block: 2, changes: { ...place, ...pushed }, folder: "mirrored" });
  expect(await reader.shell("git log --format=%s origin/main", "mirrored/rescued")).toBe("three\ntwo\none\n");
});

test("a Git host as a mirror, with a token", async () => {
  const host = await startGitHttp();
  onTestFinished(() => host.stop());
  const url = await host.make("me/my-app.git");
  await reader.shell(
    `mkdir hosted; cd hosted; git init -q my-app; cd my-app; git commit -q --allow-empty -m one
    trunks init --url local://${reader.path}/hosted; git push -q -u origin main; git commit -q --allow-empty -m two`,
  );
  const folder = "hosted/my-app";
  const typed = { "trunks storage add": `echo ${host.token} | trunks storage add` };
  const changes = { "https://github.com/me/my-app.git": url, ...typed };
  const told = await follow({ page: "docs/mirrors.md", block: 3, changes, folder });
  expect(told).toMatch(/^github .*mirror: strict, even$/m);
  expect(await host.git("me/my-app.git", "log", "--format=%s", "main")).toBe("two\none");
  await follow({ page: "docs/mirrors.md", block: 4, folder });
  expect(await host.git("me/my-app.git", "log", "--format=%s", "main")).toBe("one");
});

test("the packages' programs", async () => {
  await reader.need("@trunks/layers", "@trunks/repo", "@trunks/backend-local", "@trunks/contract-tests");
  await follow({ page: "packages/core/README.md", block: 0 });
  const store = `${reader.path}/mnt/share`;
  const open = `import { openBackend } from "@trunks/backend-local";\nconst store = await openBackend(new URL("file://${store}"));`;
  await reader.shell(`git push -q trunks::file://${store}/pushed main`, "my-app");
  const told = await follow({
    page: "packages/repo/README.md",
    block: 0,
    before: `${open}\nimport { scope } from "@trunks/layers";\nconst backend = scope(store, "trunks/pushed.trunk/");`,
  });
  expect(told).toMatch(/^[0-9a-f]{40} refs\/heads\/main$/m);
  const read = 'console.log((await patient.get("trunk.json"))?.totalSize);';
  const layers = { page: "packages/layers/README.md", block: 0, changes: { "my-app.trunk": "pushed.trunk" } };
  expect(await follow({ ...layers, before: `${open}\nconst backend = store;`, behind: read })).toMatch(/\d+/);
  const contract = await follow({
    page: "contract-tests/README.md",
    block: 1,
    before:
      'import { MemoryBackend } from "@trunks/core/memory";\nconst backend = new MemoryBackend();\nconst open = async () => new MemoryBackend({ storeOf: backend });',
  });
  expect(contract).toMatch(/^passed race\/16-small/m);
});

/** Its blocks are one story: each goes on from what the one before has left in the trunk. */
async function followSdk(page: string): Promise<string> {
  const user = new Reader();
  onTestFinished(() => user.remove());
  user.write("package.json", `{ "private": true, "type": "module" }\n`);
  mkdirSync(join(user.path, "store"));
  // As long as its neighbours are on no registry they must be there already when it asks for them.
  await user.need("@trunks/location", "@trunks/repo", "@trunks/layers", "@trunks/backend-local");
  const url = `trunks::local://${user.path}/store/my-app`;
  for (const [block, { language, text }] of runnableBlocks(page).entries()) {
    followed.add(`${page} ${block}`);
    if (language === "sh") {
      await user.follow({ page, block, changes: user.packed("@trunks/sdk") });
      await user.install("", ["isomorphic-git"]);
      continue;
    }
    const inClone = text.includes("./my-app");
    const bucket = { "s3://company-code/": `local://${user.path}/store/` };
    if (inClone) await user.shell(`git init -q my-app; git -C my-app remote add origin ${url}`);
    const told = await user.follow({ page, block, ...(!inClone && { changes: bucket }) });
    const promised = [...text.matchAll(/\/\/ → (.*)$/gm)].map((found) => found[1]);
    expect(told.split("\n").filter(Boolean)).toEqual(promised);
  }
  return reader.shell(`git ls-remote ${url}`);
}

test("the SDK's page, in a folder that has nothing else", async () => {
  expect(await followSdk("docs/sdk.md")).toMatch(/HEAD\n.*main\n/);
});

test("the SDK's programs, in a folder that has nothing else", async () => {
  expect(await followSdk("packages/sdk/README.md")).toMatch(
    /HEAD\n.*agent\/run-7\n.*agent\/run-8\n.*main\n.*tags\/v1\n/,
  );
});

test("every block of a page is run, or is excused", (context) => {
  if (absent.length > 0) context.skip(absent.join("; "));
  const root = join(import.meta.dirname, "..", "..");
  const readmes = ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const pages = [
    "README.md",
    "docs/mirrors.md",
    "docs/sdk.md",
    ...readdirSync(join(root, "docs/backends")).map((name) => `docs/backends/${name}`),
    ...[...readmes, "contract-tests"]
      .map((folder) => `${folder}/README.md`)
      .filter((page) => existsSync(join(root, page))),
  ];
  const blocks = pages.flatMap((page) => runnableBlocks(page).map((_, index) => `${page} ${index}`));
  expect(blocks.filter((block) => !followed.has(block) && !(block in excused))).toEqual([]);
});
