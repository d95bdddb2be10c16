import type { Command } from "./command.ts";
import { elements, rootOf, textOf } from "./xml.ts";

/** GetBucketVersioning. `Enabled`, `Suspended`, or `undefined` where it never was. */
export function getBucketVersioning(): Command<string | undefined> {
  return {
    question: { method: "GET", query: { versioning: "" } },
    read: async (answer) => textOf(rootOf(await answer.text(), "VersioningConfiguration"), "Status"),
  };
}

/** How long a bucket locks what is written, unless the writer says otherwise. */
export interface ObjectLock {
  readonly enabled: boolean;
  /** `GOVERNANCE` or `COMPLIANCE`; `undefined` when nothing is locked by itself. */
  readonly mode: string | undefined;
  readonly days: string | undefined;
  readonly years: string | undefined;
}

/** GetObjectLockConfiguration. */
export function getObjectLockConfiguration(): Command<ObjectLock> {
  return {
    question: { method: "GET", query: { "object-lock": "" } },
    async read(answer) {
      const lock = rootOf(await answer.text(), "ObjectLockConfiguration");
      return {
        enabled: textOf(lock, "ObjectLockEnabled") === "Enabled",
        mode: textOf(lock, "Mode"),
        days: textOf(lock, "Days"),
        years: textOf(lock, "Years"),
      };
    },
  };
}

/** A rule of a bucket's life cycle. */
export interface LifecycleRule {
  readonly id: string | undefined;
  readonly enabled: boolean;
  /** Of the keys that it reaches; empty for all. */
  readonly prefix: string;
  /** Whether it reaches only objects that have certain tags. */
  readonly wantsTags: boolean;
  /** After so many days, or at that date, objects are deleted. */
  readonly expiration: { readonly days: string | undefined; readonly date: string | undefined };
  /** After so many days versions are deleted that are not the newest. */
  readonly oldVersionDays: string | undefined;
  /** Where objects are moved to. */
  readonly storageClasses: readonly string[];
}

/** GetBucketLifecycleConfiguration. */
export function getBucketLifecycle(): Command<readonly LifecycleRule[]> {
  return {
    question: { method: "GET", query: { lifecycle: "" } },
    read: async (answer) => elements(rootOf(await answer.text(), "LifecycleConfiguration"), "Rule").map(readRule),
  };
}

function readRule(rule: string): LifecycleRule {
  const [expiration = ""] = elements(rule, "Expiration");
  const [oldVersions = ""] = elements(rule, "NoncurrentVersionExpiration");
  return {
    id: textOf(rule, "ID"),
    enabled: textOf(rule, "Status") === "Enabled",
    prefix: textOf(rule, "Prefix") ?? "",
    wantsTags: elements(rule, "Tag").length > 0,
    expiration: { days: textOf(expiration, "Days"), date: textOf(expiration, "Date") },
    oldVersionDays: textOf(oldVersions, "NoncurrentDays"),
    storageClasses: elements(rule, "Transition").flatMap((transition) => textOf(transition, "StorageClass") ?? []),
  };
}
