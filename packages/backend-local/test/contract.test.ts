import { pathToFileURL } from "node:url";
import { describeContract } from "@trunks/contract-tests/vitest";
import { openBackend } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";
import { asStranger } from "./stranger.ts";

const root = temporaryRoot();
const open = () => openBackend(pathToFileURL(root));

describeContract("a folder", open, {
  needs: {
    ownStore: true,
    outsideProcess: true,
    openForbidden: async () => asStranger(await open(), root),
    openMissing: () => openBackend(pathToFileURL(`${root}/not-mounted`)),
  },
});
