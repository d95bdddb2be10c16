import { randomBytes } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type ServerPlan, ServerProcess, type TestServer } from "./server-process.ts";

/** What a client must know of a running S3 server. Plain data, so that it can be handed to another process. */
export interface S3Address {
  readonly name: string;
  readonly version: string;
  /** For example `http://127.0.0.1:20001`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Another user with the same rights, where the server has several. */
  readonly spare?: Secrets;
  /** A user who may only read and list, where the server has several. */
  readonly reader?: Secrets;
  /** A bucket that exists and is empty but for the key `ready`. */
  readonly bucket: string;
  /** The server's temporary folder. */
  readonly folder: string;
  /** The same as the variables that S3 clients read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A running S3 server that belongs to the caller. */
export interface S3Server extends S3Address, TestServer {}

export interface Secrets {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A plan without what is the same for every S3 server. The last port is the one that speaks S3. */
export type S3ServerPlan = Omit<ServerPlan, "name" | "probe">;

const region = "us-east-1";
const bucket = "trunks-test";

/** New credentials, that no other server has. */
export function newSecrets(): Secrets {
  return { accessKey: `trunks${randomBytes(7).toString("hex")}`, secretKey: randomBytes(20).toString("hex") };
}

/** Starts an S3 server that belongs to the caller. Its credentials are new ones at each start. */
export async function startS3Server(
  { name, version }: { name: string; version: string },
  plan: (secrets: Secrets) => S3ServerPlan,
  others: Pick<S3Address, "spare" | "reader"> = {},
): Promise<S3Server> {
  const secrets = newSecrets();
  const probe = (ports: readonly number[]) => writeOnce(`http://127.0.0.1:${ports.at(-1)}`, secrets);
  const server = await ServerProcess.start({ ...plan(secrets), name, probe });
  const endpoint = `http://127.0.0.1:${server.ports.at(-1)}`;
  return {
    name,
    version,
    endpoint,
    region,
    ...secrets,
    ...others,
    bucket,
    folder: server.folder,
    environment: {
      AWS_ACCESS_KEY_ID: secrets.accessKey,
      AWS_SECRET_ACCESS_KEY: secrets.secretKey,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
    },
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/** Ready is what has a bucket and takes a write: some answer requests long before. Signed, so a stranger never passes. */
async function writeOnce(endpoint: string, { accessKey, secretKey }: Secrets): Promise<void> {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
      if (error.name !== "BucketAlreadyOwnedByYou" && error.name !== "BucketAlreadyExists") throw error;
    });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: "ready", Body: "ready" }));
  } finally {
    client.destroy();
  }
}
