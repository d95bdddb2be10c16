import { describeContract } from "@trunks/contract-tests/vitest";
import { openBackend } from "../src/index.ts";

/** A place of the tests' own. */
const place = new URL("mystore://localhost/contract");

describeContract("mystore", () => openBackend(place), {
  needs: {
    ownStore: true,
    // Cases that need more are skipped, and say so. Supply what your store can:
    // openForbidden: () => openBackend(place, { password: "wrong" }),
    // openMissing: () => openBackend(new URL("mystore://localhost/no-such-root")),
    // outsideProcess: true,
  },
});
