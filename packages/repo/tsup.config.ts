import { writeNotices } from "../../scripts/notices.ts";
import { packageBuild } from "../../scripts/tsup.ts";

/** Takes in what stands for Node's modules where there are none: nobody else has to install it. */
export default {
  ...packageBuild(["src/index.ts", "src/client.ts", "src/upkeep.ts"], ["src/platform/node.ts", "src/platform/web.ts"]),
  metafile: true,
  onSuccess: () => writeNotices("dist"),
};
