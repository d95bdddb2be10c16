import { type ProxyScript, type S3Server, startProxy, startVersity, type TestProxy } from "@trunks/test-servers";
import { s3Environment } from "./stores.ts";

/** A real S3 server, and a proxy in front of it that makes it something else. */
export interface S3Front {
  readonly server: S3Server;
  readonly proxy: TestProxy;
  readonly environment: Readonly<Record<string, string>>;
  /** The bucket, or a folder in it, through the proxy; of a vendor's scheme if one is given. */
  url(path?: string, scheme?: string): string;
  stop(): Promise<void>;
}

/** Throws `ServerUnavailableError` where this machine cannot have the server. */
export async function startS3Front(script?: ProxyScript): Promise<S3Front> {
  const server = await startVersity();
  const proxy = await startProxy(server.endpoint, { script });
  const query = `?endpoint=${encodeURIComponent(proxy.endpoint)}&region=${server.region}`;
  return {
    server,
    proxy,
    environment: s3Environment(server),
    url: (path = "", scheme = "s3") => `${scheme}://${server.bucket}${path === "" ? "" : `/${path}`}${query}`,
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** An answer as S3 writes it. */
export function s3Answer(status: number, xml: string) {
  return { do: "answer", status, headers: { "content-type": "application/xml" }, body: xml } as const;
}

/** A refusal as S3 writes it. */
export function s3Refusal(status: number, code: string) {
  return s3Answer(status, `<Error><Code>${code}</Code><Message>said ${code}</Message></Error>`);
}
