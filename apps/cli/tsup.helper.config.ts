import { programBuild } from "../../scripts/tsup.ts";

/**
 * Git's helper, which starts once for each git command: one file behind a tiny entry, since each further file costs time
 * to find and to read.
 */
export default programBuild({
  entry: { "git-remote-trunks": "src/git-remote-trunks.ts", helper: "src/helper/main.ts" },
  splitting: false,
  esbuildPlugins: [
    {
      name: "entry beside helper",
      setup(build) {
        build.onResolve({ filter: /^\.\/helper\/main\.ts$/ }, () => ({ path: "./helper.js", external: true }));
      },
    },
  ],
});
