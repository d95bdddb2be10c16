import type { Observation } from "@trunks/core";
import type { Command } from "./command.ts";
import {
  getBucketLifecycle,
  getBucketVersioning,
  getObjectLockConfiguration,
  type LifecycleRule,
  type ObjectLock,
} from "./commands-bucket.ts";
import { resolveOptions, type S3Options } from "./options.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { S3Store } from "./store.ts";

/** Looks at the bucket's versioning, object lock and life-cycle rules, in three requests at once. */
export async function diagnoseBucket(options: S3Options, signal?: AbortSignal): Promise<Observation[]> {
  const store = new S3Store(resolveOptions(options));
  const { keyPrefix } = store.options;
  const ask = <Output>(command: Command<Output>) =>
    answerOf(store.send<Output>(command, { operation: "get", loss: "harmless", signal }));
  try {
    const [versioning, lock, lifecycle] = await Promise.all([
      ask(getBucketVersioning()),
      ask(getObjectLockConfiguration()),
      ask(getBucketLifecycle()),
    ]);
    const rules = activeRules(lifecycle.value ?? [], keyPrefix);
    return [
      versioning.refusal === undefined
        ? versioningObservation(versioning.value, rules, lifecycle.refusal === undefined)
        : notKnown("versioning", versioning.refusal),
      lock.refusal === undefined ? lockObservation(lock.value) : notKnown("object lock", lock.refusal),
      lifecycle.refusal === undefined ? lifecycleObservation(rules) : notKnown("life cycle", lifecycle.refusal),
    ];
  } finally {
    store.destroy();
  }
}

interface Answer<Output> {
  readonly value?: Output;
  readonly refusal?: Refusal;
}

/** How S3 says that nothing of the kind was set. */
const none = ["ObjectLockConfigurationNotFoundError", "NoSuchLifecycleConfiguration"];

/** What the store said, a refusal included; throws when it said nothing. */
async function answerOf<Output>(sent: Promise<Output>): Promise<Answer<Output>> {
  try {
    return { value: await sent };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.code === "NoSuchBucket") throw error;
    return none.includes(refusal.code) ? {} : { refusal };
  }
}

function notKnown(name: string, { status, code }: Refusal): Observation {
  return {
    name,
    status: "unknown",
    detail: `not known: the store answers ${[status, code].filter(Boolean).join(" ")}`,
  };
}

function versioningObservation(
  status: string | undefined,
  rules: readonly LifecycleRule[],
  rulesKnown: boolean,
): Observation {
  const name = "versioning";
  if (status !== "Enabled") return { name, status: "ok", detail: "off" };
  const days = rules.find(({ oldVersionDays }) => oldVersionDays !== undefined)?.oldVersionDays;
  if (days !== undefined) return { name, status: "ok", detail: `on; old versions go after ${days} days` };
  const hint = "add a life-cycle rule that ends old versions after some days (NoncurrentVersionExpiration)";
  if (!rulesKnown) return { name, status: "unknown", detail: "on; whether old versions ever go is not known", hint };
  return { name, status: "warning", detail: "on: what upkeep deletes stays in the bucket, and is paid for", hint };
}

function lockObservation(lock: ObjectLock | undefined): Observation {
  const name = "object lock";
  if (!lock?.enabled) return { name, status: "ok", detail: "off" };
  const { mode, days, years } = lock;
  if (mode === undefined) return { name, status: "ok", detail: "on, and locks nothing by itself" };
  const time = days === undefined ? `${years} years` : `${days} days`;
  return {
    name,
    status: "warning",
    detail: `on: whatever is written stays for ${time} (${mode}), what upkeep deletes as well`,
    hint: "use a bucket without default retention, unless nothing may ever be lost",
  };
}

function lifecycleObservation(rules: readonly LifecycleRule[]): Observation {
  const name = "life cycle";
  for (const { id, expiration, storageClasses } of rules) {
    const rule = id ? `the rule ${JSON.stringify(id)}` : "a rule";
    const hint = `take trunks' path out of ${rule}, or end it`;
    if (expiration.days !== undefined || expiration.date !== undefined) {
      const when = expiration.days === undefined ? "by date" : `after ${expiration.days} days`;
      return { name, status: "warning", detail: `${rule} deletes trunks' files ${when}: history will be lost`, hint };
    }
    if (storageClasses.some((storageClass) => /^(GLACIER|DEEP_ARCHIVE)$/.test(storageClass))) {
      return { name, status: "warning", detail: `${rule} moves trunks' files to where they cannot be read`, hint };
    }
  }
  return { name, status: "ok", detail: "no rule touches trunks' files" };
}

/** The rules that are on and reach keys below `keyPrefix`. Trunks' objects have no tags, so rules that want some do not. */
function activeRules(rules: readonly LifecycleRule[], keyPrefix: string): LifecycleRule[] {
  return rules.filter(
    ({ enabled, prefix, wantsTags }) =>
      enabled && !wantsTags && (keyPrefix.startsWith(prefix) || prefix.startsWith(keyPrefix)),
  );
}
