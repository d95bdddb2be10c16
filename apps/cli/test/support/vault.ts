import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sandbox } from "./sandbox.ts";

const packages = join(import.meta.dirname, "..", "..", "..", "..", "packages");

/**
 * Installs a third party's backend into the sandbox: `vault:///folder` keeps bytes in a folder, takes any options, wants the
 * secret key `hunter2`, and writes its whole URL into the error when it gets another. With `?liar` each create says that it
 * won. Answers the environment that finds it.
 */
export function installVault(sandbox: Sandbox): Record<string, string> {
  const source = (name: string) => JSON.stringify(pathToFileURL(join(packages, name, "src", "index.ts")));
  const folder = "backends/trunks-backend-vault";
  const manifest = { name: "trunks-backend-vault", version: "1.2.3", type: "module", exports: "./main.js" };
  sandbox.write(`${folder}/package.json`, JSON.stringify(manifest));
  sandbox.write(
    `${folder}/main.js`,
    `import { openBackend as openFolder } from ${source("backend-local")};
    import { TrunksError } from ${source("core")};
    export const schemes = ["vault"];
    export async function openBackend(url, options) {
      if (options.secretKey !== "hunter2") throw new TrunksError("UNAUTHENTICATED", url + " wants another key");
      const folder = await openFolder(new URL("local://" + url.pathname));
      if (!url.searchParams.has("liar")) return folder;
      folder.create = async (key, body, options) => (await folder.put(key, body, options), true);
      return folder;
    }`,
  );
  return { TRUNKS_BACKEND_PATH: join(sandbox.path, "backends") };
}
