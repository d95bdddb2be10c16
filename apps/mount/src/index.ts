export { type CleanedJournals, type CleanOptions, cleanJournals, type JournalDay } from "./clean.ts";
export type { JournalState } from "./journal/states.ts";
export { mount, type ShownMountOptions } from "./mount.ts";
export { listMountStates, type Recovered, type RecoverOptions, recover, type StatesOptions } from "./recover.ts";
export { type KnownMount, type ListedMount, listMounts } from "./registry.ts";
export { watchStatus } from "./start-watch.ts";
export { type MountFolderOptions, unmount } from "./unmount.ts";
export type { DaemonStatus } from "./watch/daemon-socket.ts";
