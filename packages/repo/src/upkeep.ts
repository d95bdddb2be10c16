/** What a program needs that looks after a trunk, to be loaded when it does so: it takes time to load. */
export { randomId } from "./platform.ts";
export { compact } from "./upkeep/compact.ts";
export { memoryScratch } from "./upkeep/scratch.ts";
export { sweep } from "./upkeep/sweep.ts";
