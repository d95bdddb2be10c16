import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { programBuild } from "../../scripts/tsup.ts";

/** Takes the parts of Azure's SDK in that are used. The log-ins of `@azure/identity` stay outside: few need them. */
export default defineConfig({
  ...programBuild({ entry: ["src/index.ts"], splitting: true, clean: true }),
  dts: true,
  // Everything but the peers.
  noExternal: [/^(?!@trunks\/core$|@azure\/identity$)/],
  metafile: true,
  // Some of the SDK's own dependencies are CommonJS and ask for Node's modules by this name.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  esbuildOptions(options) {
    // The SDK's CommonJS files cannot be cut to what is used.
    options.mainFields = ["module", "main"];
  },
  onSuccess: () => writeNotices("dist"),
});
