export { MyStoreBackend } from "./backend.ts";
export { openBackend, schemes } from "./open.ts";
