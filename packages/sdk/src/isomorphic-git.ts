import type { RequestOptions } from "@trunks/core";
import { decodeText, encodeText } from "@trunks/repo/client";
import { GitFolder } from "./git-folder.ts";
import type { Session } from "./session.ts";

/** What isomorphic-git asks of a file. */
export interface IsomorphicGitStat {
  /** In bytes. */
  readonly size: number;
  /** File type and permissions, as of `node:fs`. */
  readonly mode: number;
  /** Nothing here has a time: always the same. */
  readonly mtimeMs: number;
  /** As `mtimeMs`. */
  readonly ctimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

type Encoding = string | { readonly encoding?: string } | undefined;

/** The calls of Node's `fs.promises` that isomorphic-git makes. Failures have Node's `code`. */
export interface IsomorphicGitFs {
  readFile(path: string, encoding?: Encoding): Promise<Uint8Array | string>;
  writeFile(path: string, content: Uint8Array | string): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  stat(path: string): Promise<IsomorphicGitStat>;
  lstat(path: string): Promise<IsomorphicGitStat>;
  readlink(path: string): Promise<string>;
  symlink(target: string, path: string): Promise<void>;
}

/** To be spread into the arguments of isomorphic-git: `git.log({ ...trunk.isomorphicGit() })`. */
export interface IsomorphicGit {
  /** What isomorphic-git takes as `fs`. */
  readonly fs: { readonly promises: IsomorphicGitFs };
  /** What isomorphic-git takes as `gitdir`: a path that means something to this `fs` alone. */
  readonly gitdir: string;
}

const gitdir = "/trunk.git";

/** The trunk as a bare repository for isomorphic-git: see `GitFolder`. */
export function isomorphicGit(session: Session, options: RequestOptions): IsomorphicGit {
  const folder = new GitFolder(session, options);
  const stat = async (path: string) => {
    const names = folder.names(relative(path));
    if (names !== undefined) return statOf(0, true);
    const bytes = await folder.read(relative(path));
    if (bytes === undefined) throw missing(path);
    return statOf(bytes.length, false);
  };
  const promises: IsomorphicGitFs = {
    async readFile(path, encoding) {
      const bytes = await folder.read(relative(path));
      if (bytes === undefined) throw missing(path);
      const name = typeof encoding === "string" ? encoding : encoding?.encoding;
      return name === undefined ? bytes : decodeText(bytes);
    },
    async writeFile(path, content) {
      await folder.write(relative(path), typeof content === "string" ? encodeText(content) : content);
    },
    async unlink(path) {
      if (!(await folder.remove(relative(path)))) throw missing(path);
    },
    async readdir(path) {
      const names = folder.names(relative(path));
      if (names === undefined) throw missing(path);
      return names;
    },
    // A folder is there when something is in it.
    async mkdir() {},
    async rmdir() {},
    stat,
    lstat: stat,
    async readlink(path) {
      throw failure("EINVAL", path);
    },
    async symlink(_, path) {
      throw failure("EPERM", path);
    },
  };
  return { fs: { promises }, gitdir };
}

function relative(path: string): string {
  const clean = path.replace(/\/+/g, "/").replace(/\/$/, "");
  if (clean === gitdir) return "";
  if (!clean.startsWith(`${gitdir}/`)) throw missing(path);
  return clean.slice(gitdir.length + 1);
}

function statOf(size: number, isFolder: boolean): IsomorphicGitStat {
  return {
    size,
    mode: isFolder ? 0o40755 : 0o100644,
    mtimeMs: 0,
    ctimeMs: 0,
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  };
}

function missing(path: string): Error {
  return failure("ENOENT", path);
}

/** As Node's own, by whose codes isomorphic-git tells a missing file from a failure. */
function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
