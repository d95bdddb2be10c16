import { type Identity, identityOf } from "./identity.ts";
import type { ResolvedOptions } from "./options.ts";
import { machineCredentials } from "./platform.ts";

/** Those known, asked for when there are none or they end soon; with `forceRefresh` others, if there are some. */
export type Credentials = (asking?: { readonly forceRefresh?: boolean }) => Promise<Identity>;

/** Credentials that end so soon are asked for again, in milliseconds. */
const renewalMs = 5 * 60_000;

/** Those that the caller gives, or else those of the machine. */
export function credentialsOf({ credentials, region, profile }: ResolvedOptions): Credentials {
  if (credentials === undefined) return machineCredentials(region, profile);
  if (typeof credentials !== "function") return async () => identityOf(credentials);
  let asking: Promise<Identity> | undefined;
  return async ({ forceRefresh = false } = {}) => {
    if (forceRefresh || endsSoon(await asking?.catch(() => undefined))) asking = undefined;
    asking ??= credentials().then(identityOf);
    return await asking;
  };
}

/** Whether there are none, too. */
function endsSoon(identity: Identity | undefined): boolean {
  const { expiration } = identity ?? {};
  return identity === undefined || (expiration !== undefined && expiration.getTime() - Date.now() < renewalMs);
}
