import type { Backend, BackendFactory } from "@trunks/core";
import type { S3Options } from "./options.ts";
import { parseUrl } from "./url.ts";

/** Amazon S3, and stores that speak as it does. */
export const schemes: readonly string[] = ["s3", "minio", "r2", "tigris", "b2", "wasabi", "spaces"];

/**
 * Opens `s3://bucket/path?endpoint=…&region=…&path-style=true&profile=…&account=…`. Options of the same names win over the
 * URL's (`pathStyle`); `accessKey`, `secretKey` and `sessionToken` are options only. Reads `AWS_ENDPOINT_URL_S3` and
 * `AWS_ENDPOINT_URL`; without credentials or a region given, what `node/machine.ts` reads. In Workers and browsers there is
 * neither an environment nor a chain. Throws `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  return await openS3(parseUrl(url, options, environment()));
};

/** The same with typed options. Throws `CONFIG_INVALID` for options that cannot be. */
export async function openS3(options: S3Options): Promise<Backend> {
  // It is most of what there is to load, and not needed to know the schemes.
  const { S3Backend } = await import("./backend.ts");
  return new S3Backend(options);
}

/** The process's, where there is one. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
}
