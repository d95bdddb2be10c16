import { describeContract } from "@trunks/contract-tests/vitest";
import { openBackend } from "../src/index.ts";
import { server } from "./server.ts";

const root = new URL(`${server}/contract`);

describeContract("redis", () => openBackend(root), {
  needs: {
    openForbidden: () => openBackend(root, { password: "wrong" }),
    openMissing: () => openBackend(new URL("/9999", server)),
    ownStore: true,
    outsideProcess: true,
  },
});
