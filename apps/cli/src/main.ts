/** `trunks`. Answers the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  process.stderr.write(`trunks: no such command: ${args[0] ?? ""}\n`);
  return 2;
}
