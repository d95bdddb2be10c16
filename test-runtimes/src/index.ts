export { type Bundle, type BundleOptions, bundle } from "./bundle.ts";
export { programOf } from "./program.ts";
export { type RunningWorker, startWorker, type WorkerBindings } from "./workerd.ts";
