import type { ResolvedOptions } from "../options.ts";
import type { Question } from "./command.ts";

/** The URL of an object, or of the bucket. Throws where a region is needed and none is known. */
export function addressOf(options: ResolvedOptions, { key, query = {} }: Question): string {
  const { bucket, pathStyle } = options;
  const base = new URL(options.endpoint ?? amazonEndpoint(options));
  // A certificate for all names of a domain covers none with a further dot.
  const inPath = pathStyle || (bucket.includes(".") && base.protocol === "https:");
  const host = inPath ? base.host : `${bucket}.${base.host}`;
  const segments = [...(inPath ? [bucket] : []), ...(key?.split("/") ?? [])];
  const path = base.pathname.replace(/\/$/, "") + segments.map((segment) => `/${encode(segment)}`).join("");
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : `${encode(name)}=${encode(value)}`,
  );
  return `${base.protocol}//${host}${path || "/"}${parameters.length === 0 ? "" : `?${parameters.join("&")}`}`;
}

function amazonEndpoint({ region }: ResolvedOptions): string {
  if (region === undefined) throw new Error("Region is missing");
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** As the signature has it: what `encodeURIComponent` leaves alone beyond RFC 3986 is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
