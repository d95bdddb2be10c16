import { mount } from "../../src/index.ts";

/** Mounts the trunk `app` of a store in a folder. */
const [, , backend = "", path = ""] = process.argv;
await mount({ repo: "app", backend, path });
