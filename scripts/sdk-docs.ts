/**
 * Writes the SDK's reference, `docs/sdk/`, from the doc comments of `packages/sdk`. With `--check` it writes nothing, and fails when
 * the pages are not as the comments say.
 *
 *     node scripts/sdk-docs.ts [--check]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application } from "typedoc";
import { repositoryRoot } from "./workspace.ts";

const pages = join(repositoryRoot, "docs", "sdk");
const source = join(repositoryRoot, "packages", "sdk");

/** What only the plugin knows beside what is typedoc's own. */
const layout = {
  outputFileStrategy: "members",
  flattenOutputFiles: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  enumMembersFormat: "table",
};

async function write(folder: string): Promise<void> {
  const application = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: [join(source, "src", "index.ts")],
    tsconfig: join(source, "tsconfig.json"),
    name: "The SDK's reference",
    readme: "none",
    // A line's number and a commit's would be stale with every change.
    disableSources: true,
    excludePrivate: true,
    excludeExternals: true,
    sort: ["source-order"],
    logLevel: "Error",
    // `pnpm run types` tells errors.
    skipErrorChecking: true,
    outputs: [{ name: "markdown", path: folder }],
    ...layout,
  });
  const project = await application.convert();
  if (project === undefined) throw new Error("the SDK does not compile");
  await application.generateOutputs(project);
}

function contents(folder: string): ReadonlyMap<string, string> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

if (process.argv.includes("--check")) {
  const fresh = mkdtempSync(join(tmpdir(), "trunks-sdk-docs-"));
  try {
    await write(fresh);
    const [wanted, found] = [contents(fresh), contents(pages)];
    const stale = [...new Set([...wanted.keys(), ...found.keys()])].filter(
      (name) => wanted.get(name) !== found.get(name),
    );
    for (const name of stale) process.stdout.write(`docs/sdk/${name} is not as the comments say: pnpm run docs:sdk\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
} else {
  await write(pages);
}
