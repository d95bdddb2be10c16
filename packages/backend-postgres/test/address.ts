import { randomUUID } from "node:crypto";
import { asAdministrator, type PostgresAddress } from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import type { PostgresOptions } from "../src/index.ts";

/** Options for tables of the test's own on a running server; `changes` replace some of them. */
export function optionsFor(address: PostgresAddress, changes: Partial<PostgresOptions> = {}): PostgresOptions {
  const { host, port, user, password, database } = address;
  return { host, port, user, password, database, table: newName("t"), ...changes };
}

/** A name that no other test has. */
export function newName(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** Runs the same tests directly and through the pooler, and reports what the machine cannot have as skipped. */
export function onEachServer(tests: (address: PostgresAddress) => void): void {
  for (const name of ["postgres", "pgbouncer"] as const) onServer(name, tests);
}

export function onServer(name: "postgres" | "pgbouncer", tests: (address: PostgresAddress) => void): void {
  const address = inject("servers")[name];
  if (address === undefined) test.skip(`${name}: this machine cannot have the server`);
  else describe(name, () => tests(address));
}

/** A new role that may log in and nothing else. */
export async function newRole(address: PostgresAddress): Promise<{ user: string; password: string }> {
  const [user, password] = [newName("r"), newName("secret")];
  await asAdministrator(address, `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  return { user, password };
}

/** So many bytes that are the same each time, and differ from place to place. */
export function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
