import { join } from "node:path";
import { contractCases } from "@trunks/contract-tests";
import { afterAll, expect, inject, test } from "vitest";
import { blocksOf, filesOf, readPage, substitute } from "./support/page.ts";
import { Workshop } from "./support/workshop.ts";

/** docs/writing-a-backend.md, done by its reader: the skeleton, then the page's files in its place, then the user's side. */
const page = readPage("docs/writing-a-backend.md");
const tarballs = inject("tarballs");
const workshop = new Workshop();
const folder = "trunks-backend-sqlite";

afterAll(() => workshop.remove());

/** The ids of the contract's cases that are not among the names of passed tests. */
function missing(passed: readonly string[]): string[] {
  return contractCases.map(({ id }) => id).filter((id) => !passed.some((name) => name.includes(`${id}: `)));
}

const needing = (...needs: string[]) =>
  contractCases.filter((each) => each.needs?.some((need) => needs.includes(need))).map(({ id }) => id);

test("the skeleton passes the contract in memory, all but what it cannot be asked", async () => {
  workshop.write("package.json", '{ "private": true }\n');
  await workshop.install("", [tarballs["@trunks/create-backend"]]);
  await workshop.succeed("create-backend", ["sqlite"]);
  await workshop.install(folder, [tarballs["@trunks/core"], tarballs["@trunks/contract-tests"]]);
  const passed = await workshop.test(folder);
  expect(missing(passed)).toEqual(needing("openForbidden", "openMissing", "outsideProcess"));
});

test("with the page's files it is a SQLite backend that passes the contract, builds and packs", async () => {
  for (const [path, text] of filesOf(page)) workshop.write(join(folder, path), text);
  expect(missing(await workshop.test(folder))).toEqual(needing("openForbidden"));
  await workshop.succeed("npm", ["pack"], { folder });
});

test("its last commands install it, verify it and clone from it", async () => {
  const script = blocksOf(page).findLast(({ language }) => language === "sh")?.text ?? "";
  // As long as core is on no registry it must be there already when the package asks for it.
  const managed = "home/.local/share/trunks/backends";
  workshop.write(
    `${managed}/package.json`,
    JSON.stringify({ dependencies: { "@trunks/core": tarballs["@trunks/core"] } }),
  );
  await workshop.install(managed, []);
  await workshop.install(folder, [tarballs["@trunks/cli"]]);
  await workshop.succeed("sh", ["-ec", "git init -q && git add src && git commit -q -m one"], { folder });
  // The whole contract has been asked above.
  const changes = { "npm test\nnpm pack\n": "", "trunks verify ": "trunks verify --probe " };
  const told = await workshop.succeed("sh", ["-ec", substitute(script, changes)], { folder });
  expect(told).toMatch(/code\.db: \d+ passed, 0 failed, /);
  const cloned = await workshop.succeed("git", ["-C", "my-app", "log", "--format=%s"], { folder });
  expect(cloned).toBe("one\n");
});

test("its table tells what each group of cases proves, and leaves none out", () => {
  const table = page.slice(page.indexOf("| group | proves |"));
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, group]) => group);
  expect(told).toEqual([...new Set(contractCases.map(({ id }) => id.split("/")[0]))]);
});
