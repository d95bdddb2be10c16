import { appendFileSync, renameSync, statSync } from "node:fs";
import { redactUrl } from "@trunks/location";

/** So long a log is put aside, in bytes; the one before it goes. */
const longestLog = 2 ** 20;

/** Lines with their time in a file that stays within bounds. A line that cannot be written is lost. */
export function watchLog(path: string): (line: string) => void {
  return (line) => {
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > longestLog) renameSync(path, `${path}.old`);
      appendFileSync(path, `${new Date().toISOString()} ${redactUrl(line)}\n`, { mode: 0o600 });
    } catch {
      // As on a full disk; what matters is told to whoever asks.
    }
  };
}
