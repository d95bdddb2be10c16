/**
 * Everything that the runtime, not the language, provides: hashes, deflate, random numbers. Which module does it is chosen
 * by the conditions of `imports` in `package.json`: `platform/node.ts`, or `platform/web.ts` where there are no `node:`
 * modules. Both do what `platform/interface.ts` says, and nothing else in this package reaches for the runtime.
 */
export * from "#platform";
export { isDense } from "./platform/density.ts";
export { type Digest, maxInflation } from "./platform/interface.ts";
export { Room } from "./platform/room.ts";
