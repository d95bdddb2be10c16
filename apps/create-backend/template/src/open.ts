import { type BackendFactory, TrunksError } from "@trunks/core";
import { MyStoreBackend } from "./backend.ts";

/** The schemes that this package opens; the manifest names the same ones. */
export const schemes: readonly string[] = ["mystore"];

/**
 * Opens `mystore://host/path`. Nothing is asked of the store before the first operation. Options are what a storage was
 * given beside its URL (`--password`, `TRUNKS_STORAGE_<NAME>_PASSWORD`); this is the one place that may read the
 * environment, too. Throws `CONFIG_INVALID` for anything that it does not know.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  // Messages never repeat the whole URL: somebody may have put a password into it.
  if (!schemes.includes(url.protocol.slice(0, -1))) throw invalid(`${url.protocol} is not the scheme of a mystore`);
  if (url.password) throw invalid("a URL is no place for a password");
  if (url.search || url.hash) throw invalid("the URL of a mystore has no part behind ? or #");
  const unknown = Object.keys(options).find((name) => options[name]);
  if (unknown !== undefined) throw invalid(`unknown option: ${unknown}`);
  return new MyStoreBackend(`${url.host}${url.pathname}`);
};

function invalid(message: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message);
}
