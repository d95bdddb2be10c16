import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openBackend } from "@trunks/backend-local";
import { scope } from "@trunks/layers";
import { type PublicationPack, Repository } from "@trunks/repo";
import type { Sandbox } from "./sandbox.ts";

/**
 * Publishes `main` of a repository to a new trunk, in packs of the given kinds, with a lie: a blob that only the commit
 * before it has is left out. Whoever walks through the history notices.
 */
export async function makeIncompleteTrunk(
  sandbox: Sandbox,
  folder: string,
  name: string,
  kinds: readonly PublicationPack["kind"][],
): Promise<void> {
  const id = await sandbox.git(["rev-parse", "main"], { folder });
  const now = new Set(await objectsOf(sandbox, folder, "--no-walk", "main"));
  const all = await objectsOf(sandbox, folder, "main");
  const blobs = await sandbox.git(["cat-file", "--batch-check=%(objecttype) %(objectname)"], {
    folder,
    input: all.join("\n"),
  });
  const omitted = blobs
    .split("\n")
    .find((line) => line.startsWith("blob ") && !now.has(line.slice(5)))
    ?.slice(5);
  if (omitted === undefined) throw new Error("the commit before must have a blob of its own");
  const objects = all.filter((object) => object !== omitted);
  const backend = await openBackend(new URL(`local://${sandbox.path}/store`));
  const repository = new Repository(scope(backend, `trunks/${name}.trunk/`));
  let state = await repository.create();
  for (const [index, kind] of kinds.entries()) {
    const part = objects.filter((_, at) => at % kinds.length === index);
    const moves = index === kinds.length - 1 ? [{ ref: "refs/heads/main", oldId: undefined, newId: id }] : [];
    const pack = await packOf(sandbox, folder, part, kind);
    const outcome = await repository.publish({ moves, basis: state.slot, assumed: [], pack });
    state = outcome.state;
  }
}

async function objectsOf(sandbox: Sandbox, folder: string, ...args: string[]): Promise<string[]> {
  return (await sandbox.git(["rev-list", "--objects", "--no-object-names", ...args], { folder })).split("\n");
}

async function packOf(
  sandbox: Sandbox,
  folder: string,
  objects: readonly string[],
  kind: PublicationPack["kind"],
): Promise<PublicationPack> {
  const input = `${objects.join("\n")}\n`;
  const name = await sandbox.git(["pack-objects", "-q", "--window=0", "../part"], { folder, input });
  const read = (ending: string) => readFileSync(join(sandbox.path, `part-${name}.${ending}`));
  const objectCount = objects.length;
  if (kind === "inline") return { kind, bytes: read("pack"), objectCount };
  return { kind, segments: [{ pack: read("pack"), index: read("idx"), objectCount }] };
}
