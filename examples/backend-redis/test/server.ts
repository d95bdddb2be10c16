/**
 * A database of the tests' own, on a server started as `redis-server --appendonly yes --requirepass …`. The password is in
 * `REDISCLI_AUTH`.
 */
export const server = new URL(process.env.TEST_REDIS_URL ?? "redis://127.0.0.1:6379/15");
