/** In bytes. */
export const maxRefNameLength = 4096;

/**
 * Whether a trunk may hold a ref of this name: `git check-ref-format`'s rules, below `refs/`.
 * Source: gitglossary and refs.c of Git.
 */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || name.length > maxRefNameLength || name.endsWith("/") || name.endsWith("."))
    return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be kept out
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\./.test(name)) return false;
  return !name.split("/").some((part) => part === "" || part.endsWith(".lock"));
}
