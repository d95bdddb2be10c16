import { readFileSync } from "node:fs";
import { join } from "node:path";

/** This program's version. The sources and the build lie one folder below the package's manifest alike. */
export function programVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
