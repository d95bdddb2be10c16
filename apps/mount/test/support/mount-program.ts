import { mount } from "../../src/index.ts";

/** Mounts the trunk `app` of a store in a folder, watched if that is said. */
const [, , backend = "", path = "", watch] = process.argv;
await mount({ repo: "app", backend, path, ...(watch !== undefined && { watch: true }) });
