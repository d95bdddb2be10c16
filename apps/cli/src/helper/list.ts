import { listedRefs, type State, sortedRefs } from "@trunks/repo";
import type { HelperOptions } from "./options.ts";

/**
 * The lines that answer `list`. HEAD is never listed for a push: `push --mirror` would ask to delete it. It is listed
 * only if its branch exists, because git takes the line for a promise. Peeled tags follow their tags, as in git's own
 * protocols, so that tags are followed and `ls-remote` reads the same. Many lines may be one text.
 */
export function listLines(state: State, options: HelperOptions, forPush: boolean): string[] {
  const lines = options.objectFormat ? [`:object-format ${state.objects}`] : [];
  if (!forPush && state.refs.has(state.head)) lines.push(`@${state.head} HEAD`);
  const listed = listedRefs(state);
  if (listed !== undefined) return [...lines, listed];
  for (const [name, ref] of sortedRefs(state)) {
    lines.push(`${ref.id} ${name}`);
    if (!forPush && ref.peeledId !== undefined) lines.push(`${ref.peeledId} ${name}^{}`);
  }
  return lines;
}
