import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type GetObjectLockConfigurationOutput,
  type LifecycleRule,
} from "@aws-sdk/client-s3";
import type { Observation } from "@trunks/core";
import { resolveOptions, type S3Options } from "./options.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { S3Store } from "./store.ts";

/** Looks at the bucket's versioning, object lock and life-cycle rules, in three requests at once. */
export async function diagnoseBucket(options: S3Options, signal?: AbortSignal): Promise<Observation[]> {
  const store = new S3Store(resolveOptions(options));
  const { bucket: Bucket, keyPrefix } = store.options;
  const ask = <Output>(command: Parameters<typeof store.send<Output>>[0]) =>
    answerOf(store.send<Output>(command, { operation: "get", loss: "harmless", signal }));
  try {
    const [versioning, lock, lifecycle] = await Promise.all([
      ask(new GetBucketVersioningCommand({ Bucket })),
      ask(new GetObjectLockConfigurationCommand({ Bucket })),
      ask(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    ]);
    const rules = activeRules(lifecycle.value?.Rules ?? [], keyPrefix);
    return [
      versioning.refusal === undefined
        ? versioningObservation(versioning.value?.Status, rules, lifecycle.refusal === undefined)
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
  const rule = rules.find(({ NoncurrentVersionExpiration: expiration }) => expiration !== undefined);
  const days = rule?.NoncurrentVersionExpiration?.NoncurrentDays;
  if (days !== undefined) return { name, status: "ok", detail: `on; old versions go after ${days} days` };
  const hint = "add a life-cycle rule that ends old versions after some days (NoncurrentVersionExpiration)";
  if (!rulesKnown) return { name, status: "unknown", detail: "on; whether old versions ever go is not known", hint };
  return { name, status: "warning", detail: "on: what upkeep deletes stays in the bucket, and is paid for", hint };
}

function lockObservation({ ObjectLockConfiguration: lock }: GetObjectLockConfigurationOutput = {}): Observation {
  const name = "object lock";
  if (lock?.ObjectLockEnabled !== "Enabled") return { name, status: "ok", detail: "off" };
  const { Mode: mode, Days: days, Years: years } = lock.Rule?.DefaultRetention ?? {};
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
  for (const { ID, Expiration: expiration, Transitions: transitions = [] } of rules) {
    const rule = ID ? `the rule ${JSON.stringify(ID)}` : "a rule";
    const hint = `take trunks' path out of ${rule}, or end it`;
    if (expiration?.Days !== undefined || expiration?.Date !== undefined) {
      const when = expiration.Days === undefined ? "by date" : `after ${expiration.Days} days`;
      return { name, status: "warning", detail: `${rule} deletes trunks' files ${when}: history will be lost`, hint };
    }
    const frozen = transitions.find(({ StorageClass }) => /^(GLACIER|DEEP_ARCHIVE)$/.test(StorageClass ?? ""));
    if (frozen !== undefined) {
      return { name, status: "warning", detail: `${rule} moves trunks' files to where they cannot be read`, hint };
    }
  }
  return { name, status: "ok", detail: "no rule touches trunks' files" };
}

/** The rules that are on and reach keys below `keyPrefix`. Trunks' objects have no tags, so rules that want some do not. */
function activeRules(rules: readonly LifecycleRule[], keyPrefix: string): LifecycleRule[] {
  return rules.filter(({ Status, Filter, Prefix }) => {
    const prefix = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
    const wantsTags = Filter?.Tag !== undefined || (Filter?.And?.Tags ?? []).length > 0;
    return Status === "Enabled" && !wantsTags && (keyPrefix.startsWith(prefix) || prefix.startsWith(keyPrefix));
  });
}
