import { open } from "node:fs/promises";
import { openPostgres } from "@trunks/backend-postgres";
import { type PostgresAddress, startPostgres } from "@trunks/test-servers";
import { Client } from "pg";
import { inParts, type SegmentStore } from "./segment-store.ts";

const rowBytes = 2 ** 20;
const concurrency = 4;

export const postgres: SegmentStore<PostgresAddress & Record<string, unknown>> = {
  server: "PostgreSQL",
  client: "pg: rows of 1 MiB over four connections",
  start: async () => ({ ...(await startPostgres()) }),
  async openBackend({ host, port, user, password, database }) {
    // As the client library does unless told otherwise.
    return await openPostgres({ host, port, user, password, database, sslMode: "disable" });
  },
  async openVendor({ host, port, user, password, database }) {
    const clients = Array.from({ length: concurrency }, () => new Client({ host, port, user, password, database }));
    await Promise.all(clients.map((client) => client.connect()));
    const each = (size: number, work: (client: Client, start: number, end: number) => Promise<unknown>) =>
      inParts(size, rowBytes, concurrency, (start, end, worker) => work(clients[worker] as Client, start, end));
    await clients[0]?.query(`CREATE TABLE IF NOT EXISTS bench (
      key text, number integer, bytes bytea STORAGE EXTERNAL, PRIMARY KEY (key, number))`);
    return {
      async upload(key, file, size) {
        const source = await open(file);
        await each(size, async (client, start, end) => {
          const { buffer } = await source.read(Buffer.alloc(end - start), 0, end - start, start);
          await client.query("INSERT INTO bench VALUES ($1, $2, $3)", [key, start / rowBytes, buffer]);
        });
        await source.close();
      },
      async download(key, size) {
        const text = "SELECT bytes FROM bench WHERE key = $1 AND number = $2";
        await each(size, (client, start) => client.query(text, [key, start / rowBytes]));
      },
      async close() {
        await Promise.all(clients.map((client) => client.end()));
      },
    };
  },
};
