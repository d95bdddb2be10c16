import type { ContractCase } from "../case.ts";
import { checkRefused } from "../check.ts";
import { checkStored, createAll, smallBody } from "../transfer.ts";

export const closeCases: readonly ContractCase[] = [
  {
    id: "close/twice",
    proves: "to close twice is no error, used or unused",
    async run({ prefix, open }) {
      const unused = await open();
      await unused.close();
      await unused.close();
      const used = await open();
      await createAll(used, [`${prefix}key`]);
      await Promise.all([used.close(), used.close()]);
      await used.close();
    },
  },
  {
    id: "close/refuses",
    proves: "a closed backend refuses every operation with CLOSED",
    async run({ prefix, open }) {
      const key = `${prefix}key`;
      const backend = await open();
      await createAll(backend, [key]);
      await backend.close();
      await checkRefused(() => backend.get(key), ["CLOSED"], "get");
      await checkRefused(() => backend.create(`${key}2`, smallBody(key)), ["CLOSED"], "create");
      await checkRefused(() => backend.put(key, smallBody(key)), ["CLOSED"], "put");
      await checkRefused(() => backend.list(prefix), ["CLOSED"], "list");
      await checkRefused(() => backend.delete([key]), ["CLOSED"], "delete");
    },
  },
  {
    id: "close/others",
    proves: "what a closed client wrote stays, and other clients go on",
    async run({ backend, prefix, open }) {
      const key = `${prefix}key`;
      const other = await open();
      await createAll(other, [key]);
      await other.close();
      await checkStored(backend, key, smallBody(key));
    },
  },
];
