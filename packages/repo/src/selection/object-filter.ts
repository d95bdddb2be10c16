/** Which objects a reader does without; what is asked for by its id comes in any case. */
export interface ObjectFilter {
  /** Trees and blobs this deep below a commit and deeper are left out; its own tree is at 0. */
  readonly treeDepth: number;
  /** Blobs of this size in bytes and above are left out. */
  readonly blobLimitBytes: number;
}

export const noFilter: ObjectFilter = { treeDepth: Number.POSITIVE_INFINITY, blobLimitBytes: Number.POSITIVE_INFINITY };

/** Reads `blob:none`, `blob:limit=1k`, `tree:0`; `undefined` for other kinds. Source: git-rev-list, --filter. */
export function parseObjectFilter(text: string): ObjectFilter | undefined {
  if (text === "blob:none") return { ...noFilter, blobLimitBytes: 0 };
  const limit = /^blob:limit=([0-9]{1,12})([kmg]?)$/i.exec(text);
  if (limit !== null) {
    const unit = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[(limit[2] as string).toLowerCase()] as number;
    return { ...noFilter, blobLimitBytes: Number(limit[1]) * unit };
  }
  const depth = /^tree:([0-9]{1,9})$/.exec(text);
  return depth === null ? undefined : { ...noFilter, treeDepth: Number(depth[1]) };
}
