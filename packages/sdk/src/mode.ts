/** What a tree's entry is. A submodule is a commit of another repository. */
export type EntryType = "file" | "folder" | "symlink" | "submodule";

export const fileMode = 0o100644;
export const executableMode = 0o100755;
export const symlinkMode = 0o120000;
export const folderMode = 0o40000;
const submoduleMode = 0o160000;

/** Old trees have modes that git does not write any more; it reads them as the nearest it knows, and so does this. */
export function entryType(mode: number): EntryType {
  switch (mode & 0o170000) {
    case folderMode:
      return "folder";
    case symlinkMode:
      return "symlink";
    case submoduleMode:
      return "submodule";
    default:
      return "file";
  }
}

export function isExecutable(mode: number): boolean {
  return entryType(mode) === "file" && (mode & 0o100) !== 0;
}

/** Those that git writes, which nearly all are. */
const usualModes = new Map([fileMode, executableMode, symlinkMode, folderMode].map((mode) => [mode, octal(mode)]));

/** As git prints it: six octal digits. */
export function modeText(mode: number): string {
  return usualModes.get(mode) ?? octal(mode);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(6, "0");
}
