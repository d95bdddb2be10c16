export type { ByteRange, ErrorCode, RequestOptions } from "@trunks/core";
export { isTrunksError, TrunksError } from "@trunks/core";
export type { NamedStorage } from "@trunks/location";
export type { ObjectFormat, ObjectId, StateCache } from "@trunks/repo/client";
export type { Branch, Branches, BranchOptions, CreateBranchOptions } from "./branches.ts";
export type { Change } from "./changes.ts";
export type {
  Checkpoint,
  CheckpointAnswer,
  CheckpointOptions,
  CheckpointPage,
  HistoryOptions,
  Rollback,
  RollbackOptions,
} from "./checkpoint.ts";
export type {
  Checkpoints,
  CreateCheckpointOptions,
  ListCheckpointsOptions,
  RollbackBranchOptions,
} from "./checkpoints.ts";
export type { Commit, Signature } from "./commit.ts";
export type { CommitIdOptions, Commits } from "./commits.ts";
export { ConflictError, type MovedRef } from "./conflict.ts";
export type { FileContent, ReadOptions, RemoveOptions, VersionOptions, WriteOptions } from "./files.ts";
export type { Identity } from "./identity.ts";
export type { IsomorphicGit, IsomorphicGitFs, IsomorphicGitStat } from "./isomorphic-git.ts";
export type { FileEntry, ListOptions } from "./list.ts";
export type { ListAnswer, PageOptions } from "./list-answer.ts";
export type { LogOptions, LogPage } from "./log.ts";
export type { MaintenanceAnswer, MaintenanceOptions } from "./maintenance.ts";
export type { MergeAnswer, MergeConflict, MergeOptions } from "./merge.ts";
export type { EntryType } from "./mode.ts";
export type {
  ExecAnswer,
  ExecOptions,
  JournalLeft,
  LocalShell,
  Mount,
  MountOptions,
  Unmounted,
  Unpushed,
} from "./mount.ts";
export type { CommitOptions } from "./new-commit.ts";
export type { Stream } from "./objects.ts";
export type { OpenOptions, OpenUrlOptions } from "./open.ts";
export type { PullOptions, PushAnswer, PushOptions } from "./push.ts";
export type { ReadFile } from "./read-files.ts";
export { type CreateRepoOptions, type Repo, type RepoOptions, type RepoStore, Repos } from "./repos.ts";
export type { DiffOptions, Status } from "./status.ts";
export {
  type CreateStorageOptions,
  type StorageOptions,
  type Storages,
  storageNames,
  type UpdateStorageOptions,
} from "./storages.ts";
export type { CreateTagOptions, Tag, TagOptions, Tags, UpdateTagOptions } from "./tags.ts";
export { Trunk } from "./trunk.ts";
export { Trunks, type TrunksOptions } from "./trunks.ts";
