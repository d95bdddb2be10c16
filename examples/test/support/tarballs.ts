import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const root = join(import.meta.dirname, "..", "..", "..");

/** Where each published package lies that the tests install. They must be built. */
const folders = {
  "@trunks/backend-azure": "packages/backend-azure",
  "@trunks/backend-gcs": "packages/backend-gcs",
  "@trunks/backend-local": "packages/backend-local",
  "@trunks/backend-postgres": "packages/backend-postgres",
  "@trunks/backend-r2": "packages/backend-r2",
  "@trunks/backend-s3": "packages/backend-s3",
  "@trunks/backend-sftp": "packages/backend-sftp",
  "@trunks/cli": "apps/cli",
  "@trunks/core": "packages/core",
  "@trunks/contract-tests": "contract-tests",
  "@trunks/create-backend": "apps/create-backend",
  "@trunks/layers": "packages/layers",
  "@trunks/location": "packages/location",
  "@trunks/repo": "packages/repo",
  "@trunks/sdk": "packages/sdk",
};

export type PackageName = keyof typeof folders;

declare module "vitest" {
  interface ProvidedContext {
    /** The packed packages, by name: paths. */
    tarballs: Record<PackageName, string>;
  }
}

/** Packs the packages once, as a release would. Tests find them by `inject("tarballs")`. */
export default async function packAll(project: TestProject): Promise<() => Promise<void>> {
  const target = await mkdtemp(join(tmpdir(), "trunks-tarballs-"));
  const packed = await Promise.all(
    Object.entries(folders).map(async ([name, folder]) => {
      const place = join(target, folder.replaceAll("/", "-"));
      const flags = ["--silent", "pack", "--pack-destination", place];
      await promisify(execFile)("pnpm", flags, { cwd: join(root, folder) });
      const [file = ""] = await readdir(place);
      return [name, join(place, file)] as const;
    }),
  );
  project.provide("tarballs", Object.fromEntries(packed) as Record<PackageName, string>);
  return () => rm(target, { recursive: true, force: true });
}
