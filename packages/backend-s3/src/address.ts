import type { Question } from "./command.ts";
import type { ResolvedOptions } from "./options.ts";

/** Which of Amazon's endpoints is meant. */
export interface Amazon {
  readonly region?: string;
  /** Those with validated cryptography. */
  readonly fips?: boolean;
  /** Those that have IPv6 addresses too. */
  readonly dualstack?: boolean;
}

/** The URL of an object, or of the bucket. Throws where a region is needed and none is known. */
export function addressOf(options: ResolvedOptions, amazon: Amazon, { key, query = {} }: Question): string {
  const { bucket, pathStyle } = options;
  const base = new URL(options.endpoint ?? amazonEndpoint(amazon));
  const inPath = pathStyle || !isHostName(bucket, base);
  const host = inPath ? base.host : `${bucket}.${base.host}`;
  const segments = [...(inPath ? [bucket] : []), ...(key?.split("/") ?? [])];
  const path = base.pathname.replace(/\/$/, "") + segments.map((segment) => `/${encode(segment)}`).join("");
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : `${encode(name)}=${encode(value)}`,
  );
  return `${base.protocol}//${host}${path || "/"}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`;
}

/** Whether a bucket's name may stand before a host's: one with a dot has no certificate, and an address has no names below it. */
function isHostName(bucket: string, { hostname }: URL): boolean {
  return /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket) && !/^(\d+\.){3}\d+$|^\[/.test(hostname);
}

function amazonEndpoint({ region, fips, dualstack }: Amazon): string {
  if (!region) throw new Error("Region is missing");
  const [, domain] = partitions.find(([regions]) => regions.test(region)) ?? [];
  return `https://s3${fips ? "-fips" : ""}${dualstack ? ".dualstack" : ""}.${region}.${domain ?? "amazonaws.com"}`;
}

/** Regions that are Amazon's and lie below other names. */
const partitions: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, "amazonaws.com.cn"],
  [/^eusc-/, "amazonaws.eu"],
  [/^us-iso-/, "c2s.ic.gov"],
  [/^us-isob-/, "sc2s.sgov.gov"],
  [/^eu-isoe-/, "cloud.adc-e.uk"],
  [/^us-isof-/, "csp.hci.ic.gov"],
];

/** As the signature has it: what `encodeURIComponent` leaves alone beyond RFC 3986 is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
