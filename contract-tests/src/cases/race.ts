import type { Body } from "@trunks/core";
import type { ContractCase, ContractContext } from "../case.ts";
import { check, checkBytes, checkEqual } from "../check.ts";
import { listAll } from "../listing.ts";
import { patternBytes, patternSource } from "../pattern.ts";
import { read } from "../transfer.ts";
import { watchWhile } from "../turn.ts";

const kibibyte = 1024;
const mebibyte = 2 ** 20;

interface Race {
  readonly racers: number;
  readonly size: number;
  readonly rounds: number;
  body?(seed: number): Body;
}

/** Writers with bodies of their own, spread over several clients, go for one fresh key; each then reads what it holds. */
async function race(context: ContractContext, options: Race): Promise<void> {
  const { racers, size, rounds, body = (seed) => patternBytes(seed, size) } = options;
  const clients = await context.clients(4);
  for (let round = 0; round < rounds; round++) {
    const key = `${context.prefix}${racers}-${round}`;
    const runs = await Promise.all(
      Array.from({ length: racers }, async (_, racer) => {
        const client = clients[racer % clients.length]!;
        const won = await client.create(key, body(racer));
        return { racer, won, seen: await read(client, key) };
      }),
    );
    const winners = runs.filter(({ won }) => won).map(({ racer }) => racer);
    check(winners.length === 1, `${racers} creates of one key had ${winners.length} winners: ${winners.join(", ")}`);
    const expected = patternBytes(winners[0]!, size);
    for (const { racer, seen } of runs) {
      check(seen !== undefined, `racer ${racer} was answered, and then found the key absent`);
      checkBytes(seen, expected, `what racer ${racer} read, when ${winners[0]} had won`);
    }
    for (const client of clients) {
      const kept = await read(client, key);
      check(kept !== undefined, "the key is absent after the race");
      checkBytes(kept, expected, `what is kept, when ${winners[0]} had won`);
    }
  }
}

export const raceCases: readonly ContractCase[] = [
  {
    id: "race/16-small",
    proves: "of 16 creates of one key with 1 KiB bodies exactly one wins, and all read its bytes",
    probe: true,
    run: (context) => race(context, { racers: 16, size: kibibyte, rounds: context.rounds }),
  },
  {
    id: "race/64-small",
    proves: "of 64 creates of one key with 1 KiB bodies exactly one wins, and all read its bytes",
    run: (context) => race(context, { racers: 64, size: kibibyte, rounds: context.rounds }),
  },
  {
    id: "race/16-large",
    proves: "of 16 creates of one key with 1 MiB bodies exactly one wins, and all read its bytes",
    run: (context) => race(context, { racers: 16, size: mebibyte, rounds: Math.ceil(context.rounds / 2) }),
  },
  {
    id: "race/16-streamed",
    proves: "of 16 creates of one key with streamed bodies exactly one wins, and all read its bytes",
    run: (context) =>
      race(context, {
        racers: 16,
        size: 200_000,
        rounds: Math.ceil(context.rounds / 2),
        body: (seed) => patternSource(seed, 200_000),
      }),
  },
  {
    id: "race/readers",
    proves: "while a key is created, readers and listers see nothing or all of it",
    async run({ prefix, rounds, clients }) {
      const [writer, reader] = await clients(2);
      const expected = patternBytes(7, mebibyte);
      for (let round = 0; round < rounds; round++) {
        const key = `${prefix}${round}/key`;
        const writing = writer!.create(key, patternSource(7, mebibyte));
        const created = await watchWhile(writing, async () => {
          const seen = await read(reader!, key);
          if (seen !== undefined) checkBytes(seen, expected, "a body read while it was written");
          const sizes = (await listAll(reader!, `${prefix}${round}/`)).map(({ size }) => size);
          if (sizes.length > 0) checkEqual(sizes, [mebibyte], "the sizes listed while a body was written");
        });
        check(created, "create of an absent key answered false");
      }
    },
  },
];
