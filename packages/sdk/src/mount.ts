import type { RequestOptions } from "@trunks/core";
import type { Storage } from "@trunks/location";
import type { ObjectId } from "@trunks/repo/client";
import { environment } from "./platform.ts";

/** Which trunk becomes a folder, and where. */
export interface MountOptions extends RequestOptions {
  /** The folder; made when it is not there. From the current one, when it is not absolute. */
  readonly path: string;
  /** The repository's name in the store. Default: that of the mount that is there already, else the folder's name. */
  readonly repo?: string;
  /** The store: its URL, or with options and secrets. Default: that of the mount that is there, else the storage `primary`. */
  readonly backend?: string | Storage;
  /** Journals every change; with `"push"` the journal goes to the trunk as well. Default: as the mount that is there, else false. */
  readonly watch?: boolean | "push";
  /**
   * Within so long a change is journalled, in milliseconds, from 500 to 3,600,000; kept as git's setting `trunks.watchInterval`
   * of the folder. Default: what that setting says, in seconds, else 2000.
   */
  readonly watchIntervalMs?: number;
  /** A folder in which git finds its helper `git-remote-trunks`. Default: where it is on PATH, or installed beside. */
  readonly helperFolder?: string;
  /** Folders beside and above which packages may be installed. Default: those of this package. */
  readonly installations?: readonly string[];
}

/** A trunk as a normal folder, with normal git in it. */
export interface Mount {
  /** Of this mount alone. */
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  /** The repository's name in its store. */
  readonly repository: string;
  /** Of the trunk, without secrets. */
  readonly url: string;
  /** What git calls the trunk here. */
  readonly remote: string;
  /** Whether the trunk was made now. */
  readonly created: boolean;
  /** Whether the folder held something before. */
  readonly adopted: boolean;
  /** Files that were there and are not as the trunk has them; they were left as they are. */
  readonly kept: readonly string[];
  /** The branch that is checked out; `undefined` when HEAD is detached. */
  readonly branch: string | undefined;
  /** Its commit; `undefined` before the first. */
  readonly head: ObjectId | undefined;
  /** Whether changes are journalled, and whether the journal goes to the trunk. */
  readonly watch: boolean | "push";
  /** A shell in the folder, in which git talks to the trunk. */
  localShell(): LocalShell;
  /** Ends the watching and forgets the mount. The folder stays, with everything in it. */
  unmount(options?: RequestOptions): Promise<Unmounted>;
}

/** A shell in a mount. */
export interface LocalShell {
  /** Runs a command line by `sh`, and answers when it has ended, however it ended. */
  exec(command: string, options?: ExecOptions): Promise<ExecAnswer>;
}

/** How a command is run. */
export interface ExecOptions extends RequestOptions {
  /** Over the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For its standard input. Default: nothing. */
  readonly input?: string | Uint8Array;
}

/** How a command ended. */
export interface ExecAnswer {
  /** 128 and the signal's number, when a signal ended it. */
  readonly exitCode: number;
  /** What it wrote to standard output. */
  readonly stdout: string;
  /** What it wrote to standard error. */
  readonly stderr: string;
}

/** What a folder that is no mount any more holds and the trunk does not. */
export interface Unmounted {
  /** Absolute. */
  readonly path: string;
  /** What the trunk does not have. */
  readonly unpushed: Unpushed;
  readonly journal: JournalLeft;
}

/** What stays of the journal of a mount that was watched, until it is removed: see `trunks recover --clean`. */
export interface JournalLeft {
  readonly mountId: string;
  /** How many days' states the folder's git has. */
  readonly days: number;
  /** How many the trunk has; `undefined` where the journal is not pushed, or the trunk did not say. */
  readonly daysInTrunk: number | undefined;
}

export interface Unpushed {
  /** Branches with commits that the trunk did not have when it was last heard of. */
  readonly branches: readonly { readonly name: string; readonly commits: number }[];
  /** Files that are not as in the last commit, new ones among them; ignored ones are not. */
  readonly files: readonly string[];
  /** How many stashes there are. */
  readonly stashes: number;
}

/** What `@trunks/mount` is to this package, which does not depend on it. */
interface MountModule {
  mount(options: MountOptions): Promise<Mount>;
}

/** Makes a folder of a trunk, by the package that can. Throws `CONFIG_INVALID` when it is not installed. */
export async function mount(options: MountOptions): Promise<Mount> {
  const { loadPackage } = await import("@trunks/location");
  const loaded = await loadPackage("@trunks/mount", "a mount", environment(), options.installations);
  return (loaded as MountModule).mount(options);
}
