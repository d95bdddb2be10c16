/**
 * Names that some file system takes for `.git`: a checkout of such a name could write into a clone's own folder.
 * Source: is_hfs_dotgit and is_ntfs_dotgit in Git.
 */

/** Code points that HFS+ leaves out when it compares names. */
const hfsIgnorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Whether the name is `.git` in any case or disguise. */
export function isDotGit(name: string): boolean {
  // A backslash is a separator there, and what stands behind a colon is a stream of the file before it.
  const parts = name.replace(/:.*$/s, "").split("\\");
  return isHfsName(name, ".git") || parts.some((part) => isNtfsName(part, ".git", "git~1"));
}

/** Whether the name is `.gitmodules` in any case or disguise; git refuses a symbolic link of that name. */
export function isDotGitModules(name: string): boolean {
  return isHfsName(name, ".gitmodules") || isNtfsName(name, ".gitmodules") || isShortGitModules(name);
}

function isHfsName(name: string, wanted: string): boolean {
  return asciiLower(name.replace(hfsIgnorable, "")) === wanted;
}

/** NTFS leaves out blanks and dots at the end. */
function isNtfsName(name: string, ...wanted: readonly string[]): boolean {
  const end = name.indexOf(":");
  const file = end === -1 ? name : name.slice(0, end);
  return wanted.includes(asciiLower(file.replace(/[ .]+$/, "")));
}

/** What NTFS may call it in eight characters: `gitmod~1` to `~4`, or a hash from `gi7eba` on with digits behind. */
function isShortGitModules(name: string): boolean {
  const file = asciiLower(name.replace(/:.*$/s, "").replace(/[ .]+$/, ""));
  if (/^gitmod~[1-4]$/.test(file)) return true;
  const short = /^([a-z0-9]*)~([1-9][0-9]*)$/.exec(file);
  return short !== null && file.length === 8 && "gi7eba".startsWith(short[1] as string);
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
