export { LocalBackend, type LocalBackendOptions } from "./local.ts";
export { openBackend, schemes } from "./open.ts";
