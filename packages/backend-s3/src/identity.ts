import type { S3Credentials } from "./options.ts";

/** Who asks, in the words of AWS. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export function identityOf({ accessKey, secretKey, sessionToken, expiresAt }: S3Credentials): Identity {
  return { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken, expiration: expiresAt };
}
