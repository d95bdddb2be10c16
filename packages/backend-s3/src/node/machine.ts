import type { Amazon } from "../address.ts";
import type { Credentials } from "../credentials.ts";
import type { Identity } from "../identity.ts";

/**
 * What the environment says, which comes first where no profile is named, as in the AWS SDK; else the SDK's chain, which is
 * loaded when it is needed: profiles, single sign-on, web identity, container and instance roles.
 */
export function machineCredentials(region: string | undefined, profile: string | undefined): Credentials {
  let chain: Promise<Credentials> | undefined;
  return async (asking) => {
    const named = profile ?? process.env.AWS_PROFILE;
    const given = named ? undefined : environmentIdentity();
    if (given !== undefined) return given;
    chain ??= import("#aws/chain").then(({ credentialChain }) => credentialChain(region, profile));
    return await (await chain)(asking);
  };
}

/** Without an end: one that ends is renewed by whoever set it, and read again then. */
function environmentIdentity(): Identity | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: sessionToken } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(sessionToken && { sessionToken }),
  };
}

/** What is not given, as the AWS SDK finds it: in the environment, in its configuration files, or from the instance. */
export async function findAmazon(region: string | undefined, profile: string | undefined): Promise<Amazon> {
  const { configuredAmazon } = await import("#aws/config");
  return await configuredAmazon(region, profile);
}
