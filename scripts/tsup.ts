import { defineConfig, type Options } from "tsup";

const shared = { format: "esm", target: "node22", platform: "node" } satisfies Options;

/** The build that every published library shares: ES modules with declarations, dependencies left outside. */
export function packageBuild(entry: string[]) {
  return defineConfig({ ...shared, entry, dts: true, sourcemap: true, clean: true });
}

/** The build of a program: everything is taken in that is not asked for by a name computed at run time. */
export function programBuild(options: Options) {
  return defineConfig({ ...shared, noExternal: [/.*/], minifySyntax: true, minifyWhitespace: true, ...options });
}
