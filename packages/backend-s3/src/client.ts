import type { Exchange } from "@trunks/http-store";
import type { S3Credentials } from "./options.ts";

/** Who asks, in the words of AWS. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/**
 * What signs requests and carries them: the AWS SDK's client, or one by `fetch`. Both take the SDK's commands, answer its
 * outputs and fail with its errors.
 */
export interface Client {
  send(command: never, options: { readonly abortSignal?: AbortSignal; readonly exchange: Exchange }): Promise<unknown>;
  /** Those known, asked for when there are none or they end soon; with `forceRefresh` others, if there are some. */
  credentials(options?: { readonly forceRefresh: boolean }): Promise<Identity>;
  /** Closes connections, those in use as well. */
  destroy(): void;
}

export function identityOf({ accessKey, secretKey, sessionToken, expiresAt }: S3Credentials): Identity {
  return { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken, expiration: expiresAt };
}
