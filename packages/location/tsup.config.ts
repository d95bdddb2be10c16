import { packageBuild } from "../../scripts/tsup.ts";

export default packageBuild(
  ["src/index.ts", "src/index-web.ts", "src/open.ts"],
  ["src/platform/node.ts", "src/platform/web.ts"],
);
