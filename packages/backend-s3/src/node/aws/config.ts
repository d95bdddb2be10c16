import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
  NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS,
  NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS,
} from "@smithy/core/config";
import type { Amazon } from "../../address.ts";

/** Settings that are not given, as the AWS SDK finds them. Throws when there is no region. */
export async function configuredAmazon(region: string | undefined, profile: string | undefined): Promise<Amazon> {
  const settings = { profile };
  return {
    region:
      region ?? (await loadConfig(NODE_REGION_CONFIG_OPTIONS, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...settings })()),
    fips: await loadConfig(NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS, settings)(),
    dualstack: await loadConfig(NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS, settings)(),
  };
}
