import { defineConfig } from "tsup";

/** The build that every published package shares: ES modules with declarations, dependencies left outside. */
export function packageBuild(entry: string[]) {
  return defineConfig({
    entry,
    format: ["esm"],
    target: "node22",
    platform: "node",
    dts: true,
    sourcemap: true,
    clean: true,
  });
}
