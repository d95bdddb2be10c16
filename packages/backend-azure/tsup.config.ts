import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { programBuild } from "../../scripts/tsup.ts";

/** Takes the parts of Azure's SDK in that are used. The log-ins of `@azure/identity` stay outside: few need them. */
export default defineConfig({
  ...programBuild({ entry: ["src/index.ts"], splitting: true, clean: true }),
  dts: true,
  external: ["@trunks/core", "@azure/identity"],
  metafile: true,
  esbuildOptions(options) {
    // The SDK's CommonJS files cannot be cut to what is used.
    options.mainFields = ["module", "main"];
  },
  onSuccess: () => writeNotices("dist"),
});
