import { TrunksError } from "@trunks/core";

/** What a URL of a known scheme must look like, and which package opens it. */
interface Scheme {
  /** Absent: built in. */
  readonly package?: string;
  readonly host: "required" | "optional" | "none";
  /** So many path segments belong to the store before the repository's name can come: a database, a container. */
  readonly rootSegments: number;
  /** A remote of this kind, for messages. */
  readonly example: string;
}

const bucket = (scheme: string): Scheme => ({
  package: "@trunks/backend-s3",
  host: "required",
  rootSegments: 0,
  example: `${scheme}://bucket/my-app`,
});
const google: Scheme = {
  package: "@trunks/backend-gcs",
  host: "required",
  rootSegments: 0,
  example: "gcs://bucket/my-app",
};
const postgres: Scheme = {
  package: "@trunks/backend-postgres",
  host: "optional",
  rootSegments: 1,
  example: "postgres://user@host/database/my-app",
};
const folder = (scheme: string): Scheme => ({ host: "none", rootSegments: 0, example: `${scheme}:///srv/code/my-app` });

const knownSchemes: ReadonlyMap<string, Scheme> = new Map([
  ...["s3", "r2", "tigris", "b2", "wasabi", "spaces", "minio"].map((name) => [name, bucket(name)] as const),
  ["gcs", google],
  ["gs", google],
  [
    "azure",
    {
      package: "@trunks/backend-azure",
      host: "required",
      rootSegments: 1,
      example: "azure://account/container/my-app",
    },
  ],
  ["postgres", postgres],
  ["postgresql", postgres],
  [
    "sftp",
    { package: "@trunks/backend-sftp", host: "required", rootSegments: 0, example: "sftp://user@host/srv/code/my-app" },
  ],
  ["local", folder("local")],
  ["file", folder("file")],
  ["memory", { host: "optional", rootSegments: 0, example: "memory:///my-app" }],
]);

/** Schemes that git itself, or nobody, speaks: a package of such a name is not looked for. */
const foreignSchemes = new Set(["http", "https", "ssh", "git", "ftp", "ftps", "data", "node", "ext", "fd"]);

/** The rules for URLs of this scheme. Any shape goes for a third party's. */
export function schemeRules(scheme: string): Scheme {
  return knownSchemes.get(scheme) ?? { host: "optional", rootSegments: 0, example: `${scheme}://…/my-app` };
}

/**
 * The packages that may open URLs of this scheme, the first found wins; none for what is built in. A scheme that is not
 * known here is a third party's: `@trunks/backend-x`, then `trunks-backend-x`. Throws `CONFIG_INVALID` for a scheme that
 * cannot be one.
 */
export function backendPackages(scheme: string): readonly string[] {
  const known = knownSchemes.get(scheme);
  if (known !== undefined) return known.package === undefined ? [] : [known.package];
  if (foreignSchemes.has(scheme)) {
    throw new TrunksError("CONFIG_INVALID", `${scheme}:// is not a store`, {
      hint: `git speaks ${scheme} by itself if at all; a trunk's URL looks like s3://bucket/my-app`,
    });
  }
  if (!/^[a-z][a-z0-9.-]*$/.test(scheme)) throw new TrunksError("CONFIG_INVALID", `${scheme}:// is not a store`);
  return [`@trunks/backend-${scheme}`, `trunks-backend-${scheme}`];
}

/** The kinds of stores that are known here: their schemes, and the package that opens them unless it is built in. */
export function knownBackends(): { readonly schemes: readonly string[]; readonly package?: string }[] {
  const byPackage = Map.groupBy(knownSchemes, ([, scheme]) => scheme.package);
  return [...byPackage].map(([name, entries]) => ({
    schemes: entries.map(([scheme]) => scheme),
    ...(name !== undefined && { package: name }),
  }));
}
