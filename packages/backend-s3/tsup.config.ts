import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { programBuild } from "../../scripts/tsup.ts";

/**
 * Takes the parts of the AWS SDK in that are used: loading them takes half the time, and installing the package a
 * fortieth of the room, of the SDK as it is. Rarely used credentials stay in files of their own, read when they are asked.
 */
export default defineConfig({
  ...programBuild({ entry: ["src/index.ts"], splitting: true, clean: true }),
  dts: true,
  external: ["@trunks/core"],
  metafile: true,
  esbuildOptions(options) {
    // The SDK's CommonJS files cannot be cut to what is used.
    options.mainFields = ["module", "main"];
  },
  onSuccess: () => writeNotices("dist"),
});
