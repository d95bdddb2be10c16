import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { Operation, TrunksError } from "@trunks/core";
import { contentMd5 } from "./digest.ts";
import { failure, type Loss } from "./failure.ts";
import type { ResolvedOptions, S3Credentials } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import { Exchange, Transport } from "./transport.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
  /** For a caller who wants to know the answer's headers. */
  readonly exchange?: Exchange;
}

/** Any command of the SDK, by what its answer holds. */
interface Command<Output> {
  resolveMiddleware(stack: never, configuration: never, options: never): (input: never) => Promise<{ output: Output }>;
}

/** The SDK's client, with one kind of error, and with credentials that are renewed when the store has enough of them. */
export class S3Store {
  readonly options: ResolvedOptions;
  readonly #client: S3Client;
  readonly #transport: Transport;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#transport = new Transport(options);
    this.#client = new S3Client(clientConfig(options, this.#transport));
    addRequestHeaders(this.#client, options.headers);
  }

  /**
   * Sends one request: once, or twice when the first was refused for the sake of credentials that could be renewed, or of
   * a clock that could be corrected. Such a refusal comes before any effect.
   */
  async send<Output>(command: Command<Output>, request: StoreRequest): Promise<Output> {
    const { signal } = request;
    for (let attempt = 1; ; attempt++) {
      const exchange = attempt === 1 && request.exchange ? request.exchange : new Exchange();
      const used = await this.#credentials().catch(() => undefined);
      try {
        // The SDK hands its options on to the transport, its own and ours.
        const options = { abortSignal: signal, exchange };
        return (await this.#client.send(command as never, options)) as Output;
      } catch (error) {
        const secrets = used === undefined ? [] : [used.secretAccessKey, used.sessionToken ?? ""];
        const explained = failure(error, { ...request, place: this.options.place, exchange, secrets });
        if (attempt > 1 || !(await this.#mended(explained, error, used))) throw explained;
      }
    }
  }

  destroy(): void {
    this.#client.destroy();
    this.#transport.destroy();
  }

  /** Whether the same request may be accepted now. */
  async #mended(explained: TrunksError, error: unknown, used: Identity | undefined): Promise<boolean> {
    if (explained.code !== "UNAUTHENTICATED" || refusalOf(explained) === undefined) return false;
    // The SDK reads the store's clock from its answers.
    if ((error as { $metadata?: { clockSkewCorrected?: boolean } }).$metadata?.clockSkewCorrected) return true;
    const known = await this.#credentials();
    // Another request's failure may have renewed them in the meantime.
    if (!isSame(known, used)) return true;
    return !isSame(await this.#credentials({ forceRefresh: true }), used);
  }

  #credentials(options?: { forceRefresh: boolean }): Promise<Identity> {
    return (this.#client.config.credentials as (options?: object) => Promise<Identity>)(options);
  }
}

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

function isSame(left: Identity, right: Identity | undefined): boolean {
  return left.secretAccessKey === right?.secretAccessKey && left.sessionToken === right.sessionToken;
}

function clientConfig(options: ResolvedOptions, transport: Transport): S3ClientConfig {
  const { credentials } = options;
  return {
    endpoint: options.endpoint,
    region: options.region,
    profile: options.profile,
    forcePathStyle: options.pathStyle,
    credentials:
      typeof credentials === "function"
        ? async () => identityOf(await credentials())
        : credentials && identityOf(credentials),
    requestHandler: transport as unknown as NonNullable<S3ClientConfig["requestHandler"]>,
    // What may be repeated is decided here and above, never blindly below.
    maxAttempts: 1,
    retryMode: "standard",
    // Bodies are signed with their SHA-256 and carry an MD5 where that is not checked. The newer checksums only some
    // stores know, and others refuse.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // It would cost a connection of its own for each request.
    expectContinueHeader: false,
    customUserAgent: [["trunks"]],
  };
}

function identityOf({ accessKey, secretKey, sessionToken, expiresAt }: S3Credentials): Identity {
  return { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken, expiration: expiresAt };
}

/** The vendor's headers; and the one checksum of a delete that every store accepts, in place of the SDK's. */
function addRequestHeaders(client: S3Client, headers: Readonly<Record<string, string>>): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const request = args.request as { headers: Record<string, string>; body?: string };
      Object.assign(request.headers, headers);
      const digest = context.commandName === "DeleteObjectsCommand" ? contentMd5(request.body ?? "") : undefined;
      if (digest !== undefined) {
        delete request.headers["x-amz-checksum-crc32"];
        delete request.headers["x-amz-sdk-checksum-algorithm"];
        request.headers["content-md5"] = digest;
      }
      return next(args);
    },
    { step: "build", priority: "low", name: "requestHeaders" },
  );
}
