import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { platformImport, programBuild } from "../../scripts/tsup.ts";

/** What others import; beside them lie the modules that stand for the runtime. */
const entry = ["src/index.ts", "src/index-web.ts"];

/**
 * Takes the parts of the AWS SDK in that are used: loading them takes half the time, and installing the package a
 * fortieth of the room, of the SDK as it is. Rarely used credentials stay in files of their own, read when they are asked.
 */
export default defineConfig({
  ...programBuild({
    entry: [...entry, "src/platform/node.ts", "src/platform/web.ts"],
    splitting: true,
    clean: true,
    noExternal: [new RegExp(`^(?!${platformImport}$)`)],
  }),
  dts: { entry },
  external: ["@trunks/core", platformImport],
  metafile: true,
  esbuildOptions(options) {
    // The SDK's CommonJS files cannot be cut to what is used.
    options.mainFields = ["module", "main"];
  },
  onSuccess: () => writeNotices("dist"),
});
