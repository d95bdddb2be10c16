import { setTimeout as sleep } from "node:timers/promises";
import { type ProxiedRequest, type ProxyScript, type S3Address, startProxy, startVersity } from "@trunks/test-servers";

/** In milliseconds: to the first byte of an object; for a write, a listing or a deletion. */
const getMs = 25;
const otherMs = 45;
/** How fast one body travels. */
const bytesPerSecond = 85e6;

/** A bucket behind a proxy that answers as late as a store behind a network, and counts. */
export interface FarStore {
  readonly address: S3Address;
  /** The proxy's. */
  readonly endpoint: string;
  /** Where clients find endpoint and secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many requests came since the last question. */
  takeCount(): number;
  /** Answers the first request that is `last`, and none after it; resolves when that answer is given. */
  fallSilentAfter(last: (request: ProxiedRequest) => boolean): Promise<void>;
  /** Answers all requests again. */
  wake(): void;
  stop(): Promise<void>;
}

export async function startFarStore(): Promise<FarStore> {
  const server = await startVersity();
  const late: ProxyScript = async ({ method, query, headers }) => {
    const isGet = method === "HEAD" || (method === "GET" && !query.has("list-type"));
    await sleep((isGet ? getMs : otherMs) + (Number(headers["content-length"] ?? 0) / bytesPerSecond) * 1000);
    return { do: "pass", bytesPerSecond };
  };
  const proxy = await startProxy(server.endpoint, { script: late });
  const { endpoint } = proxy;
  return {
    address: server,
    endpoint,
    environment: { ...server.environment, AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_S3: endpoint },
    takeCount() {
      const { length } = proxy.requests;
      proxy.use(late);
      return length;
    },
    fallSilentAfter(last) {
      return new Promise((resolve) => {
        let isSilent = false;
        proxy.use(async (request) => {
          if (isSilent) return { do: "hang" };
          isSilent = last(request);
          const action = await late(request);
          // By then the store has the request, and the client soon its answer.
          if (isSilent) setTimeout(resolve, otherMs);
          return action;
        });
      });
    },
    wake: () => proxy.use(late),
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}
