export { mount, type ShownMountOptions } from "./mount.ts";
export { type KnownMount, type ListedMount, listMounts } from "./registry.ts";
export { type MountFolderOptions, unmount } from "./unmount.ts";
