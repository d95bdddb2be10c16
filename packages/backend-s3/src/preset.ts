/** What is particular about one vendor's S3. */
export interface Preset {
  /** For messages. */
  readonly vendor: string;
  /** `{region}` and `{account}` are filled in. Without one it is Amazon's of the region, or it must be given. */
  readonly endpoint?: string;
  /** Where none is given. A preset without one, and with `{region}` in its endpoint, asks for it. */
  readonly region?: string;
  /** Whether the bucket's name stands in the path, as in `https://host/bucket/key`, or before the host's name. */
  readonly pathStyle: boolean;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * By URL scheme. Endpoints and regions are from the vendors' own S3 documentation. Nothing here says that a store keeps
 * the promise of `create`: that is for the contract's probe to find out.
 */
export const presets = {
  s3: { vendor: "Amazon S3", pathStyle: false },
  minio: { vendor: "MinIO", region: "us-east-1", pathStyle: true },
  r2: {
    vendor: "Cloudflare R2",
    endpoint: "https://{account}.r2.cloudflarestorage.com",
    region: "auto",
    pathStyle: true,
  },
  tigris: {
    vendor: "Tigris",
    endpoint: "https://t3.storage.dev",
    region: "auto",
    pathStyle: false,
    // Without it each region decides by itself who was first, and two writers may both be told that they were.
    headers: { "x-tigris-consistent": "true" },
  },
  b2: { vendor: "Backblaze B2", endpoint: "https://s3.{region}.backblazeb2.com", pathStyle: true },
  wasabi: {
    vendor: "Wasabi",
    endpoint: "https://s3.{region}.wasabisys.com",
    region: "us-east-1",
    pathStyle: true,
  },
  spaces: { vendor: "DigitalOcean Spaces", endpoint: "https://{region}.digitaloceanspaces.com", pathStyle: false },
} as const satisfies Record<string, Preset>;

export type S3Scheme = keyof typeof presets;
