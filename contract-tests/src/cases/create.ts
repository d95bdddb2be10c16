import type { ContractCase } from "../case.ts";
import { check, checkBytes } from "../check.ts";
import { patternBytes } from "../pattern.ts";
import { checkStored, createAll, forEach, read, smallBody } from "../transfer.ts";

export const createCases: readonly ContractCase[] = [
  {
    id: "create/absent",
    proves: "create of an absent key answers true, and get answers its bytes",
    probe: true,
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      check((await backend.create(key, smallBody(key))) === true, "create of an absent key did not answer true");
      await checkStored(backend, key, smallBody(key));
    },
  },
  {
    id: "create/taken",
    proves: "create of a taken key answers false and changes nothing, whoever asks",
    probe: true,
    async run({ prefix, clients }) {
      const [first, second] = await clients(2);
      const key = `${prefix}key`;
      await createAll(first!, [key]);
      for (const [client, body] of [
        [first!, smallBody("another")],
        [second!, patternBytes(1, 4096)],
        [second!, new Uint8Array(0)],
        [first!, smallBody(key)],
      ] as const) {
        check((await client.create(key, body)) === false, "create of a taken key did not answer false");
        await checkStored(first!, key, smallBody(key));
      }
    },
  },
  {
    id: "create/over-put",
    proves: "create answers false for a key that was written by put",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await backend.put(key, smallBody("put"));
      check((await backend.create(key, smallBody("create"))) === false, "create of a taken key did not answer false");
      await checkStored(backend, key, smallBody("put"));
    },
  },
  {
    id: "create/after-delete",
    proves: "a deleted key can be created again",
    async run({ backend, prefix }) {
      const key = `${prefix}folder/key`;
      await createAll(backend, [key]);
      await backend.delete([key]);
      check(await backend.create(key, smallBody("again")), "create of a deleted key answered false");
      await checkStored(backend, key, smallBody("again"));
    },
  },
  {
    id: "create/empty-body",
    proves: "a body of no bytes takes its key like any other",
    async run({ backend, prefix }) {
      const key = `${prefix}empty`;
      check(await backend.create(key, new Uint8Array(0)), "create of an absent key answered false");
      await checkStored(backend, key, new Uint8Array(0));
      check(!(await backend.create(key, smallBody(key))), "create wrote over an empty body");
      await checkStored(backend, key, new Uint8Array(0));
    },
  },
  {
    id: "create/own-copy",
    proves: "what is stored shares no memory with what was handed in or out",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      const expected = patternBytes(1, 1024);
      const given = expected.slice();
      await backend.create(key, given);
      given.fill(0);
      (await read(backend, key))?.fill(0);
      const again = await read(backend, key);
      check(again !== undefined, `${key} is absent`);
      checkBytes(again, expected, "the body after the writer's and a reader's buffer were overwritten");
    },
  },
  {
    id: "create/new-folders",
    proves: "64 creates at once below prefixes that are new all succeed",
    async run({ prefix, rounds, clients }) {
      const opened = await clients(4);
      for (let round = 0; round < rounds; round++) {
        const keys = Array.from({ length: 64 }, (_, index) => `${prefix}${round}/deep/er/${index % 8}/key${index}`);
        const answers = await Promise.all(
          keys.map((key, index) => opened[index % opened.length]!.create(key, smallBody(key))),
        );
        check(!answers.includes(false), "create of an absent key answered false");
        await forEach(keys, (key) => checkStored(opened[0]!, key, smallBody(key)));
      }
    },
  },
  {
    id: "create/beside-delete",
    proves: "a key created while its only neighbours are deleted stays",
    async run({ prefix, rounds, clients }) {
      const [first, second] = await clients(2);
      for (let round = 0; round < rounds * 8; round++) {
        const [old, fresh] = [`${prefix}deep/er/old${round}`, `${prefix}deep/er/new${round}`];
        await createAll(first!, [old]);
        await Promise.all([second!.delete([old]), createAll(first!, [fresh])]);
        await checkStored(second!, fresh, smallBody(fresh));
        await second!.delete([fresh]);
      }
    },
  },
];
