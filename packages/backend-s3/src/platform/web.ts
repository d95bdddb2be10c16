export { openCarrier } from "../web/carrier.ts";
export { contentMd5, Sha256, sha256Hex } from "../web/digest.ts";
export { findAmazon, machineCredentials } from "../web/machine.ts";
