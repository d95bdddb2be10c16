/** For `node --import`: when the process ends, its greatest resident memory in KiB is added to a file, a line each. */
import { appendFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env.PEAK_MEMORY_FILE;
  if (file !== undefined) appendFileSync(file, `${process.resourceUsage().maxRSS}\n`);
});
