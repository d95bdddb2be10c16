/**
 * What carries requests. Which module does it is chosen by the conditions of `imports` in `package.json`: `platform/node.ts`
 * by the AWS SDK and Node's own connections, `platform/web.ts` by `fetch`. Nothing else in this package reaches for the runtime.
 */
export * from "#platform";
