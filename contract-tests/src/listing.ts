import { type Backend, compareKeys, type ListedKey, type ListPage } from "@trunks/core";
import type { ContractContext } from "./case.ts";
import { check, checkEqual } from "./check.ts";

/** More pages than any case writes keys. */
const maxPages = 10_000;

/** Where lists may be late: how often they are asked for again, a growing while apart, 100 s in all. */
const lateTries = 40;

/** All keys under `prefix` behind `after`, page by page. Fails when pages are out of order, too long or do not end. */
export async function listAll(
  backend: Backend,
  prefix: string,
  options: { readonly after?: string; readonly limit?: number } = {},
): Promise<ListedKey[]> {
  const { limit } = options;
  const listed: ListedKey[] = [];
  let after = options.after;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await backend.list(prefix, { after, limit });
    checkPage(page, prefix, after, limit ?? 1000);
    listed.push(...page.keys);
    if (!page.more) return listed;
    after = page.keys.at(-1)?.key;
  }
  check(false, `the list of ${prefix} did not end after ${maxPages} pages`);
  return listed;
}

function checkPage(page: ListPage, prefix: string, after: string | undefined, limit: number): void {
  check(page.keys.length <= limit, `a page of at most ${limit} keys had ${page.keys.length}`);
  check(page.keys.length > 0 || !page.more, "an empty page said that more follow: nobody can go on from there");
  let last = after;
  for (const { key } of page.keys) {
    check(key.startsWith(prefix), `${key} was listed under ${prefix}`);
    check(last === undefined || compareKeys(last, key) < 0, `${key} was listed behind ${last}`);
    last = key;
  }
}

/** The listed keys of `prefix`, which must be exactly `expected`; waits for them where the backend declares late lists. */
export async function checkListed(
  context: ContractContext,
  prefix: string,
  expected: readonly string[],
  backend: Backend = context.backend,
): Promise<ListedKey[]> {
  const wanted = [...expected].sort(compareKeys);
  const complete = (listed: readonly ListedKey[]) => listed.map(({ key }) => key).join() === wanted.join();
  let listed = await listAll(backend, prefix);
  for (let tries = 1; tries < lateTries && !backend.capabilities.promptList && !complete(listed); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 125 * tries));
    context.signal.throwIfAborted();
    listed = await listAll(backend, prefix);
  }
  const keys = listed.map(({ key }) => key);
  const missing = wanted.filter((key) => !keys.includes(key));
  const surplus = keys.filter((key) => !wanted.includes(key));
  checkEqual({ missing, surplus }, { missing: [], surplus: [] }, `the list of ${prefix}`);
  checkEqual(keys, wanted, `the list of ${prefix}`);
  return listed;
}
