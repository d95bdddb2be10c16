import type { Observation } from "@trunks/core";
import { type GcsOptions, resolveOptions } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import { GcsStore } from "./store.ts";

/** What of a bucket's own settings is looked at, as Google's JSON API writes it. */
interface Bucket {
  readonly versioning?: { readonly enabled?: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod?: string };
  readonly defaultEventBasedHold?: boolean;
  readonly softDeletePolicy?: { readonly retentionDurationSeconds?: string };
  readonly lifecycle?: { readonly rule?: readonly Rule[] };
}

interface Rule {
  readonly action?: { readonly type?: string };
  readonly condition?: Readonly<Record<string, unknown>> & {
    readonly age?: number;
    readonly isLive?: boolean;
    readonly daysSinceNoncurrentTime?: number;
    readonly matchesPrefix?: readonly string[];
  };
}

const fields = "versioning,retentionPolicy,defaultEventBasedHold,softDeletePolicy,lifecycle";

/** Looks at the bucket's versioning, retention, soft delete and life-cycle rules, in one request. */
export async function diagnoseBucket(options: GcsOptions, signal?: AbortSignal): Promise<Observation[]> {
  const store = new GcsStore(resolveOptions(options));
  const { bucket, keyPrefix } = store.options;
  const path = `/storage/v1/b/${bucket}?fields=${fields}`;
  try {
    const found = await store.send<Bucket>({ method: "GET", path, operation: "get", loss: "harmless", signal });
    const rules = (found.value.lifecycle?.rule ?? []).filter((rule) => reaches(rule, keyPrefix));
    return [
      versioning(found.value, rules),
      retention(found.value),
      softDelete(found.value),
      lifecycle(rules.filter(deletesLive)),
    ];
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.status === 404) throw error;
    const detail = `not known: the store answers ${[refusal.status, refusal.reason].filter(Boolean).join(" ")}`;
    // Who may read and write objects may as a rule not look at the bucket.
    const hint =
      refusal.status === 403 ? "the role Storage Bucket Viewer (roles/storage.bucketViewer) may look" : undefined;
    return names.map((name) => ({ name, status: "unknown", detail, hint }));
  } finally {
    store.destroy();
  }
}

const names = ["versioning", "retention", "soft delete", "life cycle"] as const;

function versioning({ versioning }: Bucket, rules: readonly Rule[]): Observation {
  const name = "versioning";
  if (versioning?.enabled !== true) return { name, status: "ok", detail: "off" };
  const ends = rules.some((rule) => rule.action?.type === "Delete" && !deletesLive(rule));
  if (ends) return { name, status: "ok", detail: "on; a rule ends old versions" };
  const hint = "add a life-cycle rule that deletes what is not live (daysSinceNoncurrentTime)";
  return { name, status: "warning", detail: "on: what upkeep deletes stays in the bucket, and is paid for", hint };
}

function retention({ retentionPolicy, defaultEventBasedHold }: Bucket): Observation {
  const name = "retention";
  const hint = "use a bucket without one, unless nothing may ever be lost";
  if (defaultEventBasedHold === true) {
    const detail = "on: whatever is written is held until somebody lets it go, what upkeep deletes as well";
    return { name, status: "warning", detail, hint };
  }
  const seconds = Number(retentionPolicy?.retentionPeriod ?? 0);
  if (!(seconds > 0)) return { name, status: "ok", detail: "off" };
  const detail = `on: whatever is written stays for ${daysOf(seconds)}, what upkeep deletes as well`;
  return { name, status: "warning", detail, hint };
}

function softDelete({ softDeletePolicy }: Bucket): Observation {
  const seconds = Number(softDeletePolicy?.retentionDurationSeconds ?? 0);
  // On by default, and it ends by itself.
  const detail = seconds > 0 ? `on: what was deleted is kept, and paid for, for ${daysOf(seconds)}` : "off";
  return { name: "soft delete", status: "ok", detail };
}

function lifecycle(deleting: readonly Rule[]): Observation {
  const name = "life cycle";
  const [rule] = deleting;
  if (rule === undefined) return { name, status: "ok", detail: "no rule touches trunks' files" };
  const { age } = rule.condition ?? {};
  const when = age === undefined ? "" : ` after ${age} days`;
  const hint = "take trunks' path out of the rule, or end it";
  return { name, status: "warning", detail: `a rule deletes trunks' files${when}: history will be lost`, hint };
}

/** Whether the rule deletes what is in use: one about old versions does not. */
function deletesLive({ action, condition = {} }: Rule): boolean {
  if (action?.type !== "Delete" || condition.isLive === false) return false;
  const ofOldVersions = ["daysSinceNoncurrentTime", "noncurrentTimeBefore", "numNewerVersions"];
  return !ofOldVersions.some((name) => condition[name] !== undefined);
}

/** Whether the rule is about keys below `keyPrefix`. Several conditions hold together, several prefixes for themselves. */
function reaches({ condition }: Rule, keyPrefix: string): boolean {
  const prefixes = condition?.matchesPrefix ?? [];
  return (
    prefixes.length === 0 || prefixes.some((prefix) => keyPrefix.startsWith(prefix) || prefix.startsWith(keyPrefix))
  );
}

function daysOf(seconds: number): string {
  const days = Math.round(seconds / 86_400);
  return days === 0 ? `${seconds} seconds` : days === 1 ? "a day" : `${days} days`;
}
