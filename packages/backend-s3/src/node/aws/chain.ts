import { defaultProvider } from "@aws-sdk/credential-provider-node";
import type { Credentials } from "../../credentials.ts";

/** The AWS SDK's chain, which keeps what it found until it ends soon. */
export function credentialChain(region: string | undefined, profile: string | undefined): Credentials {
  const clientConfig = region === undefined ? undefined : { region };
  return defaultProvider({ profile, clientConfig });
}
