import { readText, Transport } from "@trunks/http-store/transport";
import type { Carrier } from "../client.ts";
import type { ResolvedOptions } from "../options.ts";

/** Requests over Node's own connections. */
export function openCarrier(options: ResolvedOptions): Carrier {
  const transport = new Transport(options);
  return {
    async send({ method, url, headers, body }, { signal, exchange }) {
      // Not part of the signature: others between here and there may say more.
      const sent = { ...headers, "user-agent": "trunks" };
      const answer = await transport.send({ method, url, headers: sent, body, signal }, exchange);
      const { status = 0 } = exchange;
      return { status, headers: exchange.headers, body: answer, text: () => readText(answer) };
    },
    destroy: () => transport.destroy(),
  };
}
