import type { Backend, ErrorCode, Operation } from "@trunks/core";
import type { ContractCase, ContractContext } from "../case.ts";
import { checkRefused } from "../check.ts";
import { checkStored, createAll, smallBody } from "../transfer.ts";

const operations: Record<Operation, (backend: Backend, key: string, prefix: string) => Promise<unknown>> = {
  get: (backend, key) => backend.get(key),
  create: (backend, key) => backend.create(`${key}-new`, smallBody("new")),
  put: (backend, key) => backend.put(key, smallBody("new")),
  list: (backend, _, prefix) => backend.list(prefix),
  delete: (backend, key) => backend.delete([key]),
};

async function checkForbidden(context: ContractContext, name: Operation): Promise<void> {
  const { backend, prefix } = context;
  const key = `${prefix}folder/key`;
  await createAll(backend, [key]);
  const forbidden = await context.openForbidden();
  const codes: readonly ErrorCode[] = ["PERMISSION_DENIED", "UNAUTHENTICATED"];
  await checkRefused(() => operations[name](forbidden, key, `${prefix}folder/`), codes, name);
  await checkRefused(() => operations[name](forbidden, `${prefix}absent/key`, `${prefix}absent/`), codes, name);
  await checkStored(backend, key, smallBody(key));
}

async function checkMissing(context: ContractContext, name: Operation): Promise<void> {
  const missing = await context.openMissing();
  const { prefix } = context;
  await checkRefused(() => operations[name](missing, `${prefix}key`, prefix), ["NOT_FOUND"], name);
  await checkRefused(() => operations[name](missing, "key", ""), ["NOT_FOUND"], name);
}

const names = Object.keys(operations) as Operation[];

export const refusalCases: readonly ContractCase[] = [
  ...names.map(
    (name): ContractCase => ({
      id: `forbidden/${name}`,
      proves: `${name} by who may not is refused, and never reported as absent, taken or done`,
      needs: ["openForbidden"],
      run: (context) => checkForbidden(context, name),
    }),
  ),
  ...names.map(
    (name): ContractCase => ({
      id: `missing/${name}`,
      proves: `${name} where the root itself is missing is refused with NOT_FOUND`,
      needs: ["openMissing"],
      run: (context) => checkMissing(context, name),
    }),
  ),
];
