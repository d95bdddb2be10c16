/** The part of a store's URL that a field fills. */
export type UrlPart = "user" | "host" | "port" | "segment" | "path";

/** One thing to know about a store: an option of `storage add`, and a question that it asks on a terminal. */
export interface StorageField {
  /** What stands for its value in help: `BUCKET`. */
  readonly value: string;
  /** A few words that explain it, in help and as the question. */
  readonly help: string;
  /** Absent: it is an option of the backend. */
  readonly urlPart?: UrlPart;
  /** The backend's name of the option, where it is not the field's own in camel case. */
  readonly option?: string;
  /** It makes sense beside another field only, and is asked for when that one has been answered. */
  readonly follows?: string;
  /** Though it follows another, it may be missing. */
  readonly mayBeMissing?: boolean;
  /** It names a file of this machine. */
  readonly isFile?: boolean;
}

/** By the name of the option on the command line. A field means the same for every kind of store that has it. */
export const storageFields = {
  bucket: { value: "BUCKET", help: "the bucket", urlPart: "host" },
  account: { value: "ACCOUNT", help: "the storage account of azure", urlPart: "host" },
  container: { value: "CONTAINER", help: "the container of azure", urlPart: "segment" },
  host: { value: "HOST", help: "the machine of postgres or sftp", urlPart: "host" },
  port: { value: "PORT", help: "where it listens, if not at the usual port", urlPart: "port" },
  user: { value: "USER", help: "who logs in", urlPart: "user" },
  database: { value: "DATABASE", help: "the database of postgres", urlPart: "segment" },
  path: { value: "PATH", help: "the folder in the store", urlPart: "path" },
  "account-id": { value: "ID", help: "the account of r2", option: "account" },
  region: { value: "REGION", help: "the store's region" },
  endpoint: { value: "URL", help: "where the store listens, if not at its vendor's address" },
  profile: { value: "PROFILE", help: "the profile in the AWS configuration files" },
  "key-file": { value: "FILE", help: "the key: of a service account of gcs, of who logs in by sftp", isFile: true },
  passphrase: { value: "PASSPHRASE", help: "the passphrase of the key", follows: "key-file", mayBeMissing: true },
  "access-key": { value: "ID", help: "who asks" },
  "secret-key": { value: "SECRET", help: "the secret of the access key", follows: "access-key" },
  "session-token": { value: "TOKEN", help: "for credentials that expire" },
  "account-key": { value: "KEY", help: "the key of azure's storage account" },
  "sas-token": { value: "TOKEN", help: "a shared access signature of azure" },
  token: { value: "TOKEN", help: "what a Git host lets you push with" },
  password: { value: "PASSWORD", help: "the password of who logs in" },
  "known-hosts": {
    value: "FILE",
    help: "where sftp finds the keys of hosts, in place of ~/.ssh/known_hosts",
    option: "userKnownHostsFile",
    isFile: true,
  },
  "jump-host": { value: "HOST", help: "the hosts that sftp goes through: a@first,b@second:2222", option: "proxyJump" },
} as const satisfies Readonly<Record<string, StorageField>>;

export type FieldName = keyof typeof storageFields;

/** How a store of some kind is described without writing its URL. */
export interface StorageForm {
  /** What must be known. What is an option and not a part of the URL may be missing when there is an endpoint. */
  readonly required: readonly FieldName[];
  /** What a terminal is asked for, in this order. */
  readonly asked: readonly FieldName[];
  /** What is understood besides. */
  readonly others: readonly FieldName[];
}
