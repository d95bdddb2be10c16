import { TrunksError } from "@trunks/core";

/**
 * A commit's message as `git commit -m` writes it: no blanks at the ends of lines, no empty lines at the top and the
 * bottom, one in place of several, and a newline at the end. Throws `INVALID_ARGUMENT` for a zero byte, which no commit
 * can hold. Source: strbuf_stripspace in Git.
 */
export function cleanMessage(message: string): string {
  if (message.includes("\0")) throw new TrunksError("INVALID_ARGUMENT", "a commit's message has a zero byte in it");
  const lines = message.split("\n").map(withoutTrailingBlanks);
  const kept: string[] = [];
  for (const line of lines) if (line !== "" || (kept.length > 0 && kept.at(-1) !== "")) kept.push(line);
  if (kept.at(-1) === "") kept.pop();
  return kept.map((line) => `${line}\n`).join("");
}

/** Not by an expression, which would take quadratic time for a long line of blanks. */
function withoutTrailingBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}

/** Source: isspace in Git's ctype.c. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}
