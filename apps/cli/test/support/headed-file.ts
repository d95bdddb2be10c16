import { createHash } from "node:crypto";

/** A file of a trunk as docs/format.md has it, taken apart by hand: latin1 text is bytes here. */
export interface HeadedText {
  /** `trunks record 1`. */
  readonly opening: string;
  /** What stands under the digest. */
  readonly lines: readonly string[];
  readonly body: string;
}

export function takeApart(text: string): HeadedText {
  const end = text.indexOf("\n\n");
  const [opening = "", , ...lines] = text.slice(0, end).split("\n");
  return { opening, lines, body: text.slice(end + 2) };
}

/** The file's text, under its right digest. */
export function putTogether({ opening, lines, body }: HeadedText): string {
  const header = lines.map((line) => `${line}\n`).join("");
  return `${opening}\ndigest ${headerDigest(lines)}\n${header}\n${body}`;
}

export function headerDigest(lines: readonly string[]): string {
  const header = lines.map((line) => `${line}\n`).join("");
  return createHash("sha256").update(Buffer.from(header, "latin1")).digest("hex");
}
