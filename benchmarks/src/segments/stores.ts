import type { SegmentStore } from "./segment-store.ts";

/** By name; each loads its vendor's client only when it is asked for. */
export const segmentStores: Readonly<Record<string, () => Promise<SegmentStore>>> = {
  local: async () => erased((await import("./local.ts")).local),
  s3: async () => erased((await import("./s3.ts")).s3),
  gcs: async () => erased((await import("./gcs.ts")).gcs),
  azure: async () => erased((await import("./azure.ts")).azure),
  postgres: async () => erased((await import("./postgres.ts")).postgres),
  sftp: async () => erased((await import("./sftp.ts")).sftp),
};

/** An address only comes back to the store that made it. */
function erased<Store>(store: Store): SegmentStore {
  return store as SegmentStore;
}
