import { type Client, type Identity, identityOf } from "../client.ts";
import type { ResolvedOptions } from "../options.ts";

/** Credentials that end so soon are asked for again, in milliseconds. */
const renewalMs = 5 * 60_000;

/** `Client.credentials`, from what the caller gives: there is no chain of places where they might be found. */
export function credentialsOf({ credentials }: ResolvedOptions): Client["credentials"] {
  let asking: Promise<Identity> | undefined;
  return async ({ forceRefresh } = { forceRefresh: false }) => {
    if (credentials === undefined) {
      throw Object.assign(new Error("no credentials were given"), { name: "CredentialsError" });
    }
    if (typeof credentials !== "function") return identityOf(credentials);
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
