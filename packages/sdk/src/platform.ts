/**
 * What the runtime provides and the language does not: files for what does not fit into memory, variables, and which folder
 * one stands in. Which module does it is chosen by the conditions of `imports` in `package.json`: `platform/node.ts`, or
 * `platform/web.ts` where there are no files. Nothing else in this package reaches for the runtime.
 */
export * from "#platform";
export type { TemporaryFile } from "./platform/interface.ts";
