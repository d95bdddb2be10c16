import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as record from "../../src/format/record.ts";
import * as append from "../../src/journal/append.ts";
import * as folding from "../../src/journal/fold.ts";
import * as mirrorChange from "../../src/mirror/change.ts";
import * as promotion from "../../src/mirror/promote.ts";
import * as repository from "../../src/repository.ts";
import * as download from "../../src/transfer/download.ts";
import * as objects from "../../src/transfer/objects.ts";
import * as upload from "../../src/transfer/segment-upload.ts";
import * as collection from "../../src/upkeep/collect.ts";
import * as compaction from "../../src/upkeep/compact.ts";
import * as oldRecords from "../../src/upkeep/old-records.ts";
import * as reachable from "../../src/upkeep/reachable.ts";
import * as snapshot from "../../src/upkeep/snapshot.ts";
import * as sweeping from "../../src/upkeep/sweep.ts";

/** What a simulation runs: the package's own code, or a copy in which something was changed. */
export interface Code {
  readonly decodeSlot: typeof record.decodeSlot;
  readonly encodeRecord: typeof record.encodeRecord;
  readonly Repository: typeof repository.Repository;
  readonly fold: typeof folding.fold;
  readonly judge: typeof folding.judge;
  readonly emptyState: typeof folding.emptyState;
  readonly appendRecord: typeof append.appendRecord;
  readonly addMirror: typeof mirrorChange.addMirror;
  readonly promote: typeof promotion.promote;
  readonly uploadSegments: typeof upload.uploadSegments;
  readonly downloadInline: typeof download.downloadInline;
  readonly downloadSegment: typeof download.downloadSegment;
  readonly trunkObjects: typeof objects.trunkObjects;
  readonly writeSnapshot: typeof snapshot.writeSnapshot;
  readonly compact: typeof compaction.compact;
  readonly collect: typeof collection.collect;
  readonly sweep: typeof sweeping.sweep;
  readonly stubOldRecords: typeof oldRecords.stubOldRecords;
  readonly reachableObjects: typeof reachable.reachableObjects;
}

/** A change of one file: `found` must stand there once, or at least once. */
export interface Patch {
  readonly file: string;
  readonly found: string;
  readonly replacement: string;
  /** Replaces all of them. Default false. */
  readonly everywhere?: boolean;
}

export const ownCode: Code = {
  ...record,
  ...repository,
  ...folding,
  ...append,
  ...mirrorChange,
  ...promotion,
  ...upload,
  ...download,
  ...objects,
  ...snapshot,
  ...compaction,
  ...collection,
  ...sweeping,
  ...oldRecords,
  ...reachable,
};

const sourceFolder = fileURLToPath(new URL("../../src", import.meta.url));
const coreUrl = new URL("../../../core/src/index.ts", import.meta.url).href;

/** Runs `use` with a copy of the code in which `patches` were applied. Throws when one of them finds no place. */
export async function withPatchedCode<Result>(
  patches: readonly Patch[],
  use: (code: Code) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "trunks-patched-"));
  try {
    await cp(sourceFolder, folder, { recursive: true });
    const manifest = { type: "module", imports: { "#platform": "./platform/node.ts" } };
    await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest)}\n`);
    await rewriteImports(folder);
    for (const patch of patches) await apply(folder, patch);
    const files = [
      "format/record",
      "repository",
      "journal/fold",
      "journal/append",
      "mirror/change",
      "mirror/promote",
      "transfer/segment-upload",
      "transfer/download",
      "transfer/objects",
      "upkeep/snapshot",
      "upkeep/compact",
      "upkeep/collect",
      "upkeep/sweep",
      "upkeep/old-records",
      "upkeep/reachable",
    ];
    const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(folder, `${file}.ts`)).href)));
    return await use(Object.assign({}, ...modules) as Code);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The copy lies outside of the workspace, where the names of its packages mean nothing. */
async function rewriteImports(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const path = join(folder, name);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replaceAll('from "@trunks/core"', `from ${JSON.stringify(coreUrl)}`));
  }
}

async function apply(folder: string, { file, found, replacement, everywhere = false }: Patch): Promise<void> {
  const path = join(folder, file);
  const parts = (await readFile(path, "utf8")).split(found);
  if (everywhere ? parts.length < 2 : parts.length !== 2)
    throw new Error(`${file} does not hold${everywhere ? "" : " once"}: ${found}`);
  await writeFile(path, parts.join(replacement));
}
