import { TrunksError } from "@trunks/core";

/** What a connection string of Azure's portal says of blobs. */
export interface Connection {
  readonly account: string | undefined;
  readonly endpoint: string | undefined;
  readonly accountKey: string | undefined;
  readonly sasToken: string | undefined;
}

/**
 * Reads `DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net` and its relatives.
 * Throws `CONFIG_INVALID`, without a word of the text, where that is none or is of another account than `account`.
 */
export function parseConnectionString(text: string, account?: string): Connection {
  const fields = new Map(
    text.split(";").flatMap((field): [string, string][] => {
      const at = field.indexOf("=");
      return at < 1 ? [] : [[field.slice(0, at).trim(), field.slice(at + 1).trim()]];
    }),
  );
  const [accountKey, sasToken] = [fields.get("AccountKey"), fields.get("SharedAccessSignature")];
  if (accountKey === undefined && sasToken === undefined)
    throw invalid("the connection string has no key and no token");
  const named = fields.get("AccountName");
  if (account !== undefined && named !== undefined && named !== account) {
    throw invalid("the connection string is of another account than the URL");
  }
  const protocol = fields.get("DefaultEndpointsProtocol") ?? "https";
  const suffix = fields.get("EndpointSuffix");
  const built = suffix === undefined || named === undefined ? undefined : `${protocol}://${named}.blob.${suffix}`;
  return { account: named, endpoint: fields.get("BlobEndpoint") ?? built, accountKey, sasToken };
}

function invalid(message: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint: "copy it from the account's access keys" });
}
