import { type Backend, isTrunksError, type Operation } from "@trunks/core";
import type { ContractCase } from "../case.ts";
import { check, checkBytes, checkRefused } from "../check.ts";
import { patternBytes, patternSource } from "../pattern.ts";
import { checkAbsent, checkStored, createAll, read, smallBody } from "../transfer.ts";
import { turns } from "../turn.ts";

const mebibyte = 2 ** 20;

/** Every operation on one key, with a signal. */
function operations(backend: Backend, key: string, signal: AbortSignal): Record<Operation, () => Promise<unknown>> {
  return {
    get: () => backend.get(key, { signal }),
    create: () => backend.create(key, smallBody("create"), { signal }),
    put: () => backend.put(key, smallBody("put"), { signal }),
    list: () => backend.list("", { signal, limit: 1 }),
    delete: () => backend.delete([key], { signal }),
  };
}

export const abortCases: readonly ContractCase[] = [
  {
    id: "abort/before",
    proves: "a call whose signal was raised before is refused with ABORTED and does nothing",
    async run({ backend, prefix }) {
      const [present, absent] = [`${prefix}present`, `${prefix}absent`];
      await createAll(backend, [present]);
      for (const key of [present, absent]) {
        for (const [name, operation] of Object.entries(operations(backend, key, AbortSignal.abort()))) {
          await checkRefused(operation, ["ABORTED"], name);
        }
      }
      await checkStored(backend, present, smallBody(present));
      await checkAbsent(backend, absent);
    },
  },
  {
    id: "abort/writing",
    proves: "a write aborted at any moment either succeeds or is refused with ABORTED, and is never half visible",
    async run({ backend, prefix }) {
      const expected = patternBytes(1, mebibyte);
      for (let moment = 0; moment < 24; moment++) {
        const key = `${prefix}${moment}`;
        const controller = new AbortController();
        const { signal } = controller;
        const body = moment % 3 === 0 ? patternSource(1, mebibyte) : expected;
        const writing = moment % 2 === 0 ? backend.create(key, body, { signal }) : backend.put(key, body, { signal });
        const refusal = writing.then(
          () => undefined,
          (error: unknown) => error,
        );
        await turns(moment >> 1);
        controller.abort();
        const error = await refusal;
        check(error === undefined || isTrunksError(error, "ABORTED"), `an aborted write threw ${error}`);
        const left = await read(backend, key);
        check(left !== undefined || error !== undefined, "a write that succeeded left nothing");
        if (left !== undefined) checkBytes(left, expected, "what an aborted write left");
      }
    },
  },
  {
    id: "abort/reading",
    proves: "a read aborted at any moment ends whole or is refused with ABORTED, and is never cut short",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      const expected = patternBytes(1, 4 * mebibyte);
      await backend.create(key, expected);
      for (let moment = 0; moment < 12; moment++) {
        const controller = new AbortController();
        let received = 0;
        try {
          const content = await backend.get(key, { signal: controller.signal });
          for await (const chunk of content ?? []) {
            checkBytes(chunk, expected.subarray(received, received + chunk.length), "a chunk");
            received += chunk.length;
            await turns(moment);
            controller.abort();
          }
          check(received === expected.length, `an aborted read ended after ${received} of ${expected.length} bytes`);
        } catch (error) {
          if (!isTrunksError(error, "ABORTED")) throw error;
        }
      }
      await checkStored(backend, key, expected);
    },
  },
  {
    id: "abort/listing",
    proves: "a list aborted at any moment answers a whole page or is refused with ABORTED",
    async run({ backend, prefix }) {
      const keys = Array.from({ length: 50 }, (_, index) => `${prefix}${String(index).padStart(2, "0")}`);
      await createAll(backend, keys);
      for (let moment = 0; moment < 6; moment++) {
        const controller = new AbortController();
        const listing = backend.list(prefix, { signal: controller.signal }).then(
          (page) => page.keys.length >= keys.length || page.more || !backend.capabilities.promptList,
          (error: unknown) => isTrunksError(error, "ABORTED"),
        );
        await turns(moment);
        controller.abort();
        check(await listing, "an aborted list threw something else than ABORTED, or answered a part");
      }
    },
  },
  {
    id: "abort/after",
    proves: "a signal raised after the answer does no harm",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      const controller = new AbortController();
      const { create, put, get, list } = operations(backend, key, controller.signal);
      check((await create()) === true, "create of an absent key answered false");
      await put();
      await get().then((content) => (content as Awaited<ReturnType<Backend["get"]>>)?.bytes());
      await list();
      controller.abort();
      await checkStored(backend, key, smallBody("put"));
    },
  },
];
