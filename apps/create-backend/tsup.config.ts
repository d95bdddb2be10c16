import { programBuild } from "../../scripts/tsup.ts";

export default programBuild({ entry: ["src/main.ts"], clean: true });
