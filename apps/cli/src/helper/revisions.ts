/** What git reads with `--stdin` or `--revs`: all that is reached from the new ids and not from the assumed ones. */
export function revisions(newIds: readonly string[], assumedIds: readonly string[]): Buffer {
  return Buffer.from([...newIds, ...assumedIds.map((id) => `^${id}`)].map((line) => `${line}\n`).join(""));
}
