import { packageBuild } from "../../scripts/tsup.ts";

export default packageBuild(["src/index.ts", "src/list-answer.ts"], ["src/platform/node.ts", "src/platform/web.ts"]);
