import { readFile } from "node:fs/promises";
import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { programBuild } from "../../scripts/tsup.ts";

/**
 * Takes the SSH client in: on its own it would bring packages that want to be compiled when they are installed, for ciphers
 * that Node has anyway.
 */
export default defineConfig({
  ...programBuild({ entry: ["src/index.ts"], splitting: true, clean: true }),
  dts: true,
  noExternal: [/^(?!@trunks\/core$|cpu-features$)/],
  external: ["cpu-features"],
  esbuildPlugins: [
    {
      name: "without-compiled-ciphers",
      setup(build) {
        // The client asks for them where they may be missing, and then does without; bundlers insist.
        build.onLoad({ filter: /ssh2\/lib\/protocol\/crypto\.js$/ }, async ({ path }) => {
          const text = await readFile(path, "utf8");
          return { contents: text.replace(/require\('[^']*\.node'\)/, "undefined") };
        });
      },
    },
  ],
  esbuildOptions(options) {
    options.define = { ...options.define, __dirname: "import.meta.dirname" };
  },
  metafile: true,
  // The client is CommonJS and asks for Node's modules by this name.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  onSuccess: () => writeNotices("dist"),
});
