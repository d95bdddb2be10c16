/**
 * The runtime's part: connections, digests, and what the machine knows of credentials and regions. Which module has it is chosen by the
 * conditions of `imports` in `package.json`: `platform/node.ts`, or `platform/web.ts`, which has `fetch` and is given everything.
 * Nothing else in this package reaches for the runtime.
 */
export * from "#platform";
