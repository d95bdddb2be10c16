import { enableCompileCache } from "node:module";
import { isAbsolute } from "node:path";

/**
 * Keeps compiled code for the next start, in the user's own cache folder. Node's default would be the temporary folder,
 * where another user of the machine could plant code. Without a home folder it does nothing, and a cache that cannot be
 * written only costs time. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` go before.
 */
export function keepCompiledCode(environment: NodeJS.ProcessEnv): void {
  const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = environment;
  const caches = [XDG_CACHE_HOME, LOCALAPPDATA, HOME && `${HOME}/.cache`].find((path) => path && isAbsolute(path));
  if (caches !== undefined) enableCompileCache(`${caches}/trunks/compiled`);
}
