import { isTrunksError, TrunksError } from "@trunks/core";
import type { Context } from "../command.ts";
import { lookUpObjects } from "../helper/object-lookup.ts";

/**
 * Does something with a commit that the user names: as the trunk knows the name, or else as this clone does. Without a name,
 * what one stands on. Throws `NOT_FOUND` when neither knows it, or the trunk does not have the commit.
 */
export async function withTrunkCommit<Answer>(
  text: string | undefined,
  { signal }: Pick<Context, "signal">,
  work: (commit: string) => Promise<Answer>,
): Promise<Answer> {
  if (text === undefined || text === "HEAD") return withId(await localCommit("HEAD", signal), work);
  try {
    return await work(text);
  } catch (error) {
    if (!isTrunksError(error, "NOT_FOUND")) throw error;
    const id = await localCommit(text, signal).catch(() => undefined);
    if (id === undefined) throw error;
    return withId(id, work);
  }
}

async function withId<Answer>(id: string, work: (commit: string) => Promise<Answer>): Promise<Answer> {
  try {
    return await work(id);
  } catch (error) {
    if (!isTrunksError(error, "NOT_FOUND") || !error.message.includes(id)) throw error;
    throw new TrunksError("NOT_FOUND", `the trunk does not have ${id.slice(0, 12)}`, {
      cause: error,
      hint: "push the commit first: trunks push",
    });
  }
}

async function localCommit(text: string, signal: AbortSignal): Promise<string> {
  const question = `${text}^{commit}`;
  const id = /[\n\0]/.test(text) ? undefined : (await lookUpObjects([question], signal)).get(question);
  if (id !== undefined) return id;
  throw new TrunksError("NOT_FOUND", `there is no commit ${JSON.stringify(text)} here`, {
    hint: "commit something first",
  });
}
