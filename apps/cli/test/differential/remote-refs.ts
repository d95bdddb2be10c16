import { openBackend } from "@trunks/backend-local";
import { scope } from "@trunks/layers";
import { encodeText, Repository, sortedRefs } from "@trunks/repo";
import type { Sandbox } from "../support/sandbox.ts";

/** HEAD's target and all refs of a remote with what their tags point to, in lines. */
export type RemoteRefs = () => Promise<string[]>;

/** Reads a trunk's journal without the helper, so that it costs next to nothing to look after each step. */
export async function trunkRefs(storeFolder: string, name: string): Promise<RemoteRefs> {
  const backend = await openBackend(new URL(`local://${storeFolder}`));
  const repository = new Repository(scope(backend, `trunks/${name}.trunk/`));
  return async () => {
    const state = await repository.read();
    if (state === undefined) return ["HEAD refs/heads/main"];
    const refs = sortedRefs(state).flatMap(([ref, { id, peeledId }]) => [
      `${id} ${ref}`,
      ...(peeledId === undefined ? [] : [`${peeledId} ${ref}^{}`]),
    ]);
    return [`HEAD ${state.head}`, ...refs.map((line) => Buffer.from(encodeText(line)).toString("latin1"))];
  };
}

/** Asks git about a bare repository. */
export function bareRefs(sandbox: Sandbox, folder: string): RemoteRefs {
  return async () => {
    const head = sandbox.read(`${folder}/HEAD`).trim().replace("ref: ", "HEAD ");
    const { stdout } = await sandbox.tryGit(["show-ref", "--dereference"], { folder });
    return [head, ...stdout.toString("latin1").split("\n").filter(Boolean)];
  };
}
