import type { CatalogEntry } from "./command.ts";

/** Every command, in the order of the help. */
export const catalog: readonly CatalogEntry[] = [
  { name: "", summary: "open a shell in which git can talk to trunks", load: () => import("./commands/shell.ts") },
  {
    name: "init",
    summary: "set up a repository: settings, and the trunk as a remote",
    load: () => import("./commands/init.ts"),
  },
  { name: "clone", summary: "clone a trunk", load: () => import("./commands/clone.ts") },
  { name: "push", summary: "git push", load: () => import("./commands/push.ts") },
  { name: "pull", summary: "git pull", load: () => import("./commands/pull.ts") },
  { name: "fetch", summary: "git fetch", load: () => import("./commands/fetch.ts") },
  { name: "log", summary: "git log", load: () => import("./commands/log.ts") },
  { name: "diff", summary: "git diff", load: () => import("./commands/diff.ts") },
  {
    name: "checkpoint",
    summary: "commit all files as they are",
    load: () => import("./commands/checkpoint.ts"),
  },
  { name: "history", summary: "list the checkpoints of a branch", load: () => import("./commands/history.ts") },
  {
    name: "rollback",
    summary: "make files what they were in a checkpoint, and save what is here first",
    load: () => import("./commands/rollback.ts"),
  },
  {
    name: "reflog",
    summary: "list who moved which branch of the trunk, and when",
    load: () => import("./commands/reflog.ts"),
  },
  {
    name: "undo",
    summary: "move the trunk's branches back to before the last push",
    load: () => import("./commands/undo.ts"),
  },
  {
    name: "branch switch",
    summary: "stand on another branch, and save what is here first",
    load: () => import("./commands/branch-switch.ts"),
  },
  {
    name: "branch restore",
    summary: "bring a deleted branch back",
    load: () => import("./commands/branch-restore.ts"),
  },
  { name: "status", summary: "compare local branches with the trunk's", load: () => import("./commands/status.ts") },
  {
    name: "mount",
    summary: "make a trunk a normal folder, ready for work",
    load: () => import("./commands/mount.ts"),
  },
  { name: "mount list", summary: "list this machine's mounts", load: () => import("./commands/mount-list.ts") },
  { name: "unmount", summary: "end a mount; its folder stays", load: () => import("./commands/unmount.ts") },
  {
    name: "storage add",
    summary: "try out a store and save it under a name",
    load: () => import("./commands/storage-add.ts"),
  },
  { name: "storage list", summary: "list the storages", load: () => import("./commands/storage-list.ts") },
  { name: "storage show", summary: "show a storage, secrets masked", load: () => import("./commands/storage-show.ts") },
  {
    name: "storage ping",
    summary: "ask a storage whether it answers",
    load: () => import("./commands/storage-ping.ts"),
  },
  {
    name: "storage update",
    summary: "change a storage, after trying it out",
    load: () => import("./commands/storage-update.ts"),
  },
  {
    name: "storage remove",
    summary: "forget a storage; a mirror is taken out of the trunk first",
    load: () => import("./commands/storage-remove.ts"),
  },
  {
    name: "storage sync",
    summary: "bring mirrors up to what the primary has",
    load: () => import("./commands/storage-sync.ts"),
  },
  {
    name: "storage promote",
    summary: "make a mirror the primary",
    load: () => import("./commands/storage-promote.ts"),
  },
  {
    name: "check",
    summary: "verify the trunk, and clean it of what nobody needs",
    load: () => import("./commands/check.ts"),
  },
  {
    name: "maintenance run",
    summary: "make few packs of many, and delete what is over",
    load: () => import("./commands/maintenance-run.ts"),
  },
  {
    name: "maintenance start",
    summary: "the same in the background",
    load: () => import("./commands/maintenance-start.ts"),
  },
  {
    name: "maintenance status",
    summary: "tell whether there is something to be done",
    load: () => import("./commands/maintenance-status.ts"),
  },
  {
    name: "verify",
    summary: "ask a store whether it keeps the promises that trunks need",
    load: () => import("./commands/verify.ts"),
  },
  { name: "doctor", summary: "look for what is wrong on this machine", load: () => import("./commands/doctor.ts") },
  {
    name: "backend add",
    summary: "install the package for a kind of store",
    load: () => import("./commands/backend-add.ts"),
  },
  {
    name: "backend list",
    summary: "list kinds of stores and their packages",
    load: () => import("./commands/backend-list.ts"),
  },
  {
    name: "completion",
    summary: "print completions for bash, zsh or fish",
    load: () => import("./commands/completion.ts"),
  },
  { name: "version", summary: "print versions", load: () => import("./commands/version.ts") },
  { name: "help", summary: "explain a command, or how URLs are written", load: () => import("./commands/help.ts") },
];
