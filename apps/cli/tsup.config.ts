import { programBuild } from "../../scripts/tsup.ts";

/** `trunks`: each command is a file of its own, read when it runs. */
export default programBuild({ entry: ["src/trunks.ts"], splitting: true, clean: true });
