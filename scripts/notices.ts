import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the licences of the packages that a build took in beside it, as those ask. Reads and removes its metafile. */
export async function writeNotices(folder: string): Promise<void> {
  const metafile = join(folder, "metafile-esm.json");
  const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { inputs: Record<string, unknown> };
  rmSync(metafile);
  const packages = new Set(Object.keys(inputs).flatMap(packageFolder));
  const namesByTerms = new Map<string, string[]>();
  for (const folder of [...packages].sort()) {
    const terms = termsOf(folder);
    namesByTerms.set(terms, [...(namesByTerms.get(terms) ?? []), nameOf(folder)]);
  }
  const notices = [...namesByTerms].map(([terms, names]) => `${names.join("\n")}\n\n${terms}`);
  writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), notices.join("\n\n----\n\n"));
}

/** The folder of the installed package that a file belongs to. */
function packageFolder(path: string): string[] {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return found?.[1] === undefined ? [] : [found[1]];
}

function nameOf(folder: string): string {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // Older packages have a list in its place.
  return `${name} ${version} (${license ?? licenses[0].type})`;
}

function termsOf(folder: string): string {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  return files.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
}
