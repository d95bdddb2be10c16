import { defineConfig, type Options } from "tsup";

const shared = { format: "esm", target: "node22", platform: "node" } satisfies Options;

/** Left to whoever loads the package: the conditions of `imports` in its manifest choose among `platforms`. */
const platformImport = "#platform";

/**
 * The build that every published library shares: ES modules with declarations, dependencies left outside. `platforms` are the
 * modules that stand for the runtime, which are no entries of the package.
 */
export function packageBuild(entry: string[], platforms: string[] = []) {
  return defineConfig({
    ...shared,
    entry: [...entry, ...platforms],
    dts: { entry },
    external: [platformImport],
    sourcemap: true,
    clean: true,
    // A third less to read and to take in for whoever starts a program; names stay what they are.
    minifySyntax: true,
    minifyWhitespace: true,
  });
}

/** The build of a program: everything is taken in that is not asked for by a name computed at run time. */
export function programBuild(options: Options) {
  return defineConfig({ ...shared, noExternal: [/.*/], minifySyntax: true, minifyWhitespace: true, ...options });
}
