import { defineConfig } from "tsup";
import { writeNotices } from "../../scripts/notices.ts";
import { programBuild } from "../../scripts/tsup.ts";

/** The AWS SDK's ways to find credentials and settings: a bundle of their own, so that nothing of it is read before it is asked. */
const awsImport = /^#aws\//;

/** Takes in all that is used of the AWS SDK, as it is for these runtimes. */
function bundle(entry: string[], folder: string, conditions: string[] = []) {
  return {
    ...programBuild({
      entry,
      outDir: folder,
      splitting: true,
      // The others are made at the same time.
      clean: ["!aws/**", "!web/**"],
      noExternal: [/^(?!#aws\/)/],
    }),
    external: ["@trunks/core", awsImport],
    metafile: true,
    esbuildOptions(options: { mainFields?: string[]; conditions?: string[] }) {
      // The SDK's CommonJS files cannot be cut to what is used.
      options.mainFields = ["module", "main"];
      options.conditions = ["module", ...conditions];
    },
    onSuccess: () => writeNotices(folder),
  };
}

export default defineConfig([
  { ...bundle(["src/index.ts"], "dist"), dts: true },
  bundle(["src/index.ts"], "dist/web", ["workerd", "browser"]),
  bundle(["src/node/aws/chain.ts", "src/node/aws/config.ts"], "dist/aws"),
]);
