import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type Client, type Identity, identityOf } from "../client.ts";
import type { ResolvedOptions } from "../options.ts";
import { contentMd5 } from "./digest.ts";
import { RequestHandler } from "./request-handler.ts";

/** The AWS SDK's client, on connections of our own. */
export function openClient(options: ResolvedOptions): Client {
  const handler = new RequestHandler(options);
  const client = new S3Client(clientConfig(options, handler));
  addRequestHeaders(client, options.headers);
  return {
    // The SDK hands its options on to the handler, its own and ours.
    send: (command, sending) => client.send(command, sending),
    credentials: (asking) => (client.config.credentials as (options?: object) => Promise<Identity>)(asking),
    destroy() {
      client.destroy();
      handler.destroy();
    },
  };
}

function clientConfig(options: ResolvedOptions, handler: RequestHandler): S3ClientConfig {
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
    requestHandler: handler as unknown as NonNullable<S3ClientConfig["requestHandler"]>,
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
