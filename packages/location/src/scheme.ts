import { TrunksError } from "@trunks/core";
import { type FieldName, type StorageForm, storageFields } from "./field.ts";

/** What a URL of a known scheme must look like, which package opens it, and how such a store is described in words. */
interface Scheme {
  /** Absent: built in. */
  readonly package?: string;
  readonly host: "required" | "optional" | "none";
  /** So many path segments belong to the store before the repository's name can come: a database, a container. */
  readonly rootSegments: number;
  /** A remote of this kind, for messages. */
  readonly example: string;
  readonly form: StorageForm;
  /** What to do about a store of this kind that breaks its promises. */
  readonly remedy: string;
}

/** These fill a part of the URL that a more general one fills as well. */
const uncommon: readonly FieldName[] = ["bucket", "account", "container"];

const bucketKeys = ["access-key", "secret-key"] as const;

function bucket(scheme: string, remedy: string, required: readonly FieldName[] = [], asked = required): Scheme {
  const fields = ["bucket", "path", ...asked, ...bucketKeys] as const;
  const others = (["region", "endpoint", "profile", "session-token"] as const).filter((name) => !asked.includes(name));
  return {
    package: "@trunks/backend-s3",
    host: "required",
    rootSegments: 0,
    example: `${scheme}://bucket/my-app`,
    form: { required: ["bucket", ...required], asked: fields, others },
    remedy,
  };
}

const chooseAnother = "use another store: docs/backends/s3.md says which keep it";

const google: Scheme = {
  package: "@trunks/backend-gcs",
  host: "required",
  rootSegments: 0,
  example: "gcs://bucket/my-app",
  form: { required: ["bucket"], asked: ["bucket", "path", "key-file"], others: ["endpoint"] },
  remedy: "Google's own service keeps these promises: ask what stands between it and you, such as the endpoint",
};

const azure: Scheme = {
  package: "@trunks/backend-azure",
  host: "required",
  rootSegments: 1,
  example: "azure://account/container/my-app",
  form: {
    required: ["account", "container"],
    asked: ["account", "container", "path", "account-key"],
    others: ["endpoint", "sas-token"],
  },
  remedy: "Azure's own service keeps these promises: ask what stands between it and you, such as the endpoint",
};

const postgres: Scheme = {
  package: "@trunks/backend-postgres",
  host: "optional",
  rootSegments: 1,
  example: "postgres://user@host/database/my-app",
  form: { required: ["database"], asked: ["host", "port", "database", "user", "password", "path"], others: [] },
  remedy: "name a database that stands alone or is the primary: replicas answer late",
};

const sftp: Scheme = {
  package: "@trunks/backend-sftp",
  host: "required",
  rootSegments: 0,
  example: "sftp://user@host/srv/code/my-app",
  form: {
    required: ["host", "path"],
    asked: ["host", "port", "user", "path", "key-file", "passphrase", "password"],
    others: ["known-hosts", "jump-host"],
  },
  remedy: "use a server with OpenSSH's hardlink extension, or mount the folder and use file://",
};

const folder = (scheme: string): Scheme => ({
  host: "none",
  rootSegments: 0,
  example: `${scheme}:///srv/code/my-app`,
  form: { required: ["path"], asked: ["path"], others: [] },
  remedy: "use a file system with hard links and whole renames, on one server: docs/backends/local.md",
});

const knownSchemes: ReadonlyMap<string, Scheme> = new Map([
  ["s3", bucket("s3", oldServer(), [], ["region", "endpoint"])],
  ["r2", bucket("r2", `use the account's own endpoint, not a custom domain; or ${chooseAnother}`, ["account-id"])],
  ["tigris", bucket("tigris", `name no other endpoint than Tigris' own; or ${chooseAnother}`)],
  ["b2", bucket("b2", `B2 can create nothing only once, by neither of its interfaces: ${chooseAnother}`, ["region"])],
  ["wasabi", bucket("wasabi", chooseAnother, [], ["region"])],
  ["spaces", bucket("spaces", `not every region of Spaces keeps this promise: ${chooseAnother}`, ["region"])],
  ["minio", bucket("minio", oldServer(), ["endpoint"])],
  ["gcs", google],
  ["gs", google],
  ["azure", azure],
  ["postgres", postgres],
  ["postgresql", postgres],
  ["sftp", sftp],
  ["local", folder("local")],
  ["file", folder("file")],
  ["memory", { ...unknownScheme("memory"), form: { required: [], asked: [], others: [] } }],
]);

function oldServer(): string {
  return `old servers ignore the condition of a write: update yours (MinIO before May 2024, Versity before January 2026), or ${chooseAnother}`;
}

/** A third party's: any shape goes. */
function unknownScheme(scheme: string): Scheme {
  const others = (Object.keys(storageFields) as FieldName[]).filter((name) => !uncommon.includes(name));
  return {
    host: "optional",
    rootSegments: 0,
    example: `${scheme}://…/my-app`,
    form: { required: [], asked: [], others },
    remedy: `tell whoever made the backend of ${scheme}:// what \`trunks verify\` says`,
  };
}

/** Schemes that git itself, or nobody, speaks: a package of such a name is not looked for. */
const foreignSchemes = new Set(["http", "https", "ssh", "git", "ftp", "ftps", "data", "node", "ext", "fd"]);

/** The rules for URLs of this scheme. Any shape goes for a third party's. */
export function schemeRules(scheme: string): Scheme {
  return knownSchemes.get(scheme) ?? unknownScheme(scheme);
}

/** Whether the scheme is ours to open. A third party's package does not get it, whatever it says. */
export function isKnownScheme(scheme: string): boolean {
  return knownSchemes.has(scheme);
}

/**
 * The packages that may open URLs of this scheme, the first found wins; none for what is built in. A scheme that is not
 * known here is a third party's: `@trunks/backend-x`, should we have one since, then `trunks-backend-x`. Throws
 * `CONFIG_INVALID` for a scheme that cannot be one.
 */
export function backendPackages(scheme: string): readonly string[] {
  const known = knownSchemes.get(scheme);
  if (known !== undefined) return known.package === undefined ? [] : [known.package];
  if (foreignSchemes.has(scheme)) {
    throw new TrunksError("CONFIG_INVALID", `${scheme}:// is not a store`, {
      hint: `git speaks ${scheme} by itself if at all; a trunk's URL looks like s3://bucket/my-app; a Git repository can follow one: \`trunks storage add NAME --mirror --url …\``,
    });
  }
  if (scheme.startsWith("git+")) {
    throw new TrunksError("CONFIG_INVALID", `${scheme}:// is a Git repository, not a store`, {
      hint: "it can follow a trunk: `trunks storage add NAME --mirror --url …`",
    });
  }
  if (!/^[a-z][a-z0-9.-]*$/.test(scheme)) throw new TrunksError("CONFIG_INVALID", `${scheme}:// is not a store`);
  return [`@trunks/backend-${scheme}`, `trunks-backend-${scheme}`];
}

/** The kinds of stores that can be described by fields, each by one name. */
export function formSchemes(): string[] {
  const kinds = new Set([...knownSchemes.values()].filter(({ form }) => form.asked.length > 0));
  // The second name of a kind finds it gone.
  return [...knownSchemes].filter(([, scheme]) => kinds.delete(scheme)).map(([name]) => name);
}

/** The kinds of stores that are known here: their schemes, and the package that opens them unless it is built in. */
export function knownBackends(): { readonly schemes: readonly string[]; readonly package?: string }[] {
  const byPackage = Map.groupBy(knownSchemes, ([, scheme]) => scheme.package);
  return [...byPackage].map(([name, entries]) => ({
    schemes: entries.map(([scheme]) => scheme),
    ...(name !== undefined && { package: name }),
  }));
}
