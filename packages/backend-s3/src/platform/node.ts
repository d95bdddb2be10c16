export { openCarrier } from "../node/carrier.ts";
export { contentMd5, Sha256, sha256Hex } from "../node/digest.ts";
export { findAmazon, machineCredentials } from "../node/machine.ts";
