import { type BuildOptions, build } from "esbuild";

export interface BundleOptions {
  /** Source text, resolved from `folder`. */
  readonly contents: string;
  readonly folder: string;
  /** Without what a reader would want. Default false. */
  readonly minify?: boolean;
}

export interface Bundle {
  readonly text: string;
  /** The files that it was made of. */
  readonly inputs: readonly string[];
}

/** For whom a bundle is made: what chooses among the exports of packages. */
export type Target = "node" | "bun" | "deno" | "workerd";

/** For Workers as their own tools bundle: a `node:` module is a failure. */
const worker: BuildOptions = {
  platform: "browser",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
};

/** Packages in CommonJS ask for Node's modules as they run. */
const requireOfModules =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

function processOptions(target: Target): BuildOptions {
  return {
    platform: "node",
    conditions: [target, "node", "import"],
    mainFields: ["module", "main"],
    banner: { js: requireOfModules },
  };
}

/** One file of everything that `contents` imports. Throws when something cannot be found for the target. */
export async function bundle(target: Target, { contents, folder, minify = false }: BundleOptions): Promise<Bundle> {
  const result = await build({
    ...(target === "workerd" ? worker : processOptions(target)),
    stdin: { contents, resolveDir: folder, loader: "ts", sourcefile: "entry.ts" },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    // Node 22 knows no `await using`.
    target: "es2022",
    minify,
    logLevel: "silent",
  });
  return { text: (result.outputFiles[0] as { text: string }).text, inputs: Object.keys(result.metafile.inputs) };
}
