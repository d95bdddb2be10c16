import { isTrunksError } from "@trunks/core";
import { type OpenTrunkOptions, openTrunk } from "../trunk/open-trunk.ts";
import { type Problem, problem } from "./problem.ts";

/**
 * Holds the newest state of the trunk that this clone has seen against the store: one that was restored from a backup, or in
 * whose place another stands, has it no more.
 */
export async function checkRemembered(url: string, options: OpenTrunkOptions): Promise<Problem[]> {
  const { repository, close } = await openTrunk(url, { ...options, fresh: false });
  try {
    const known = await repository.remembered();
    if (known === undefined) return [];
    await repository.read({ signal: options.signal, forPush: true, mirrors: false });
    return [];
  } catch (error) {
    if (!isTrunksError(error, "CORRUPT")) throw error;
    return [problem("error", "ROLLED_BACK", "", error.message)];
  } finally {
    await close();
  }
}
