import { type ProxyAction, type S3Address, startProxy, startVersity, type TestProxy } from "@trunks/test-servers";

/** A block of `docs/backends/s3.md` that sets up one preset. */
interface PresetPage {
  readonly scheme: string;
  /** What of the block is replaced by what of the server. */
  readonly changes: Readonly<Record<string, string>>;
}

/** The set-ups in the page's order, behind its first block: the scheme, and how the vendor's address is told in the query. */
const presets = {
  r2: "?account=ACCOUNT_ID",
  tigris: "",
  wasabi: "?region=eu-central-1",
  spaces: "?region=fra1",
  minio: "?endpoint=https://minio.example:9000",
  s3: "?endpoint=https://storage.example&region=us-east-1",
  b2: "?region=us-west-004",
};

/** What a store that does not know the condition of a write says. */
export const notImplemented: ProxyAction = {
  do: "answer",
  status: 501,
  headers: { "content-type": "application/xml" },
  body: "<Error><Code>NotImplemented</Code><Message>not implemented</Message></Error>",
};

/** A real server that stands for each vendor's, a folder each, and the proxy through which it is reached. */
export interface PresetServer {
  readonly presets: readonly PresetPage[];
  readonly proxy: TestProxy;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startPresetServer(): Promise<PresetServer> {
  const server = await startVersity();
  const proxy = await startProxy(server.endpoint);
  return {
    presets: Object.entries(presets).map(([scheme, query]) => presetPage(scheme, query, server, proxy.endpoint)),
    proxy,
    environment: server.environment,
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

function presetPage(scheme: string, query: string, server: S3Address, endpoint: string): PresetPage {
  const { bucket, region, accessKey, secretKey } = server;
  const root = `${scheme}://${bucket}/${scheme}`;
  const address = `?endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
  const written = (url: string) => (query === "" ? url : `'${url}${query}'`);
  return {
    scheme,
    changes: {
      // The page's first block has installed them.
      "npm install --global @trunks/cli @trunks/backend-s3\n": "",
      "AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…": `AWS_ACCESS_KEY_ID=${accessKey} AWS_SECRET_ACCESS_KEY=${secretKey}`,
      [written(`trunks::${scheme}://my-bucket/my-app`)]: `'trunks::${root}/my-app${address}'`,
      [written(`${scheme}://my-bucket`)]: `'${root}${address}'`,
    },
  };
}
