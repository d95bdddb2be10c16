import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { readPage } from "./support/page.ts";
import type { PackageName } from "./support/tarballs.ts";
import { Workshop } from "./support/workshop.ts";

const workshop = new Workshop();
const tarballs = inject("tarballs");
const mebibyte = 2 ** 20;

afterAll(() => workshop.remove());

/** What npm puts into an empty folder for these packages, in MiB; the core, which everybody has, not counted. */
async function installedSize(folder: string, ...names: PackageName[]): Promise<number> {
  workshop.write(join(folder, "package.json"), '{ "private": true }\n');
  await workshop.install(
    folder,
    names.map((name) => tarballs[name]),
  );
  const modules = join(workshop.path, folder, "node_modules");
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const counted = paths.filter((path) => !path.startsWith(join(modules, "@trunks", "core")));
  return counted.reduce((sum, path) => sum + statSync(path).size, 0) / mebibyte;
}

test("the command line, with folders and nothing else, takes less than 5 MiB", async () => {
  const size = await installedSize("cli", "@trunks/cli");
  expect(size).toBeGreaterThan(0.1);
  expect(size).toBeLessThan(5);
});

test.each(["local", "s3", "gcs", "azure", "postgres", "sftp"] as const)("%s takes what its page says", async (name) => {
  const [, told = ""] =
    /Installed with all that it needs the package takes ([\d.]+) MiB/.exec(readPage(`docs/backends/${name}.md`)) ?? [];
  const size = await installedSize(name, "@trunks/core", `@trunks/backend-${name}`);
  // Other people's packages grow and shrink between releases of ours.
  expect(Math.abs(size - Number(told)), `${size.toFixed(2)} MiB`).toBeLessThan(0.1 + 0.2 * size);
});
