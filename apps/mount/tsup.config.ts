import { packageBuild } from "../../scripts/tsup.ts";

/** The program that watches is looked for beside the library. */
export default packageBuild(["src/index.ts", "src/checkpoint.ts", "src/daemon.ts"]);
