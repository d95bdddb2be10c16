import type { ContainerGetPropertiesResponse } from "@azure/storage-blob";
import type { Observation } from "@trunks/core";
import { type AzureOptions, resolveOptions } from "./options.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { AzureStore, type StoreRequest } from "./store.ts";

/**
 * Looks at what Azure tells those who read and write blobs: policies and holds of the container, and whether a blob of trunks
 * has versions. Two requests at once. Rules that delete are told to an account's managers alone.
 */
export async function diagnoseContainer(options: AzureOptions, signal?: AbortSignal): Promise<Observation[]> {
  const store = new AzureStore(resolveOptions(options));
  const request: StoreRequest = { operation: "get", loss: "harmless", signal };
  const properties = store.send(request, (container, abortSignal) => container.getProperties({ abortSignal }));
  const firstBlob = store.send(request, async (container, abortSignal) => {
    const blobs = container.listBlobsFlat({ prefix: store.options.keyPrefix, includeVersions: true, abortSignal });
    const page = await blobs.byPage({ maxPageSize: 1 }).next();
    return page.done ? undefined : page.value.segment.blobItems[0];
  });
  try {
    const [found, blob] = await Promise.all([answerOf(properties), answerOf(firstBlob)]);
    return [
      "refusal" in blob ? notKnown("versioning", blob.refusal) : versioning(blob.value),
      "refusal" in found ? notKnown("immutability", found.refusal) : immutability(found.value),
      lifecycle(options.account),
    ];
  } finally {
    store.destroy();
  }
}

type Answer<Output> = { readonly value: Output } | { readonly refusal: Refusal };

/** What the store said, a refusal included; throws when it said nothing. */
async function answerOf<Output>(sent: Promise<{ readonly output: Output }>): Promise<Answer<Output>> {
  try {
    return { value: (await sent).output };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.code === "ContainerNotFound") throw error;
    return { refusal };
  }
}

function notKnown(name: string, { message }: Refusal): Observation {
  return { name, status: "unknown", detail: `not known: the store answers ${message}` };
}

function versioning(blob: { readonly versionId?: string } | undefined): Observation {
  const name = "versioning";
  if (blob === undefined) return { name, status: "unknown", detail: "not known: blobs tell it, and there is none yet" };
  if (!blob.versionId) return { name, status: "ok", detail: "off" };
  const detail = "on: what upkeep deletes stays in the container, and is paid for";
  return { name, status: "warning", detail, hint: "see that a rule of the account's life cycle deletes old versions" };
}

function immutability({ hasImmutabilityPolicy, hasLegalHold }: ContainerGetPropertiesResponse): Observation {
  const name = "immutability";
  if (!hasImmutabilityPolicy && !hasLegalHold) return { name, status: "ok", detail: "off" };
  const what = hasLegalHold ? "a legal hold" : "a policy";
  const detail = `${what} keeps whatever is written, what upkeep deletes as well`;
  return { name, status: "warning", detail, hint: "use a container without one, unless nothing may ever be lost" };
}

function lifecycle(account: string): Observation {
  return {
    name: "life cycle",
    status: "unknown",
    detail: "not known: Azure tells its rules to those who manage the account",
    hint: `az storage account management-policy show --account-name ${account} --resource-group <group>`,
  };
}
