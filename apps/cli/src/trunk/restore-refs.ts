import { type Restoration, restore, undoneEntryId } from "@trunks/repo";
import { type Context, exitStatus } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { requireWorkingCopy } from "../git/working-copy.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { pushAuthor } from "../helper/push-author.ts";
import { askWhether, isAttended } from "../terminal/ask.ts";
import { table } from "../terminal/output.ts";
import { throwMissed } from "./mirror-trunk.ts";
import { type OpenedTrunk, openTrunk } from "./open-trunk.ts";
import { changeText, refUpdateAnswer, refUpdateCells, shortIdLength, shortRef } from "./ref-update-answer.ts";

/** Options of commands that move the trunk's refs back. */
export const restoreOptions = {
  remote: { value: "REMOTE", help: "the remote whose trunk is meant (default: this branch's, origin, trunks)" },
  "dry-run": { help: "say what would be moved, and move nothing" },
} as const;

/** Plans a restoration and carries it out, when the user agrees; tells what was moved. */
export async function restoreRefs(
  plan: (trunk: OpenedTrunk) => Promise<Restoration>,
  context: Context,
  mustAsk: (restoration: Restoration) => boolean,
): Promise<number> {
  const { arguments: args, output, verbose, signal } = context;
  const { gitDir } = await requireWorkingCopy();
  const remote = await findTrunkRemote(args.text("remote"));
  const author = pushAuthor(await new LocalRepository(gitDir).settings());
  const trunk = await openTrunk(remote.url, { gitDir, verbose, signal });
  try {
    const restoration = await plan(trunk);
    const dryRun = args.flag("dry-run");
    const lines = planLines(restoration);
    if (!dryRun && mustAsk(restoration) && isAttended() && !output.json) {
      for (const line of lines) output.note(line);
      if (!(await askWhether("Move them back?"))) {
        output.note("nothing was moved");
        return exitStatus.failure;
      }
    }
    if (dryRun) {
      output.answer(answerOf(restoration, true), [...lines, "nothing was moved"]);
      return exitStatus.ok;
    }
    const { missed } = await restore(trunk.repository, restoration, { author, signal });
    output.answer(answerOf(restoration, false), lines);
    output.note(`hint: this clone's branches are as they were: git fetch ${remote.name}`);
    throwMissed(missed);
    await trunk.repository.maintain({ signal });
    return exitStatus.ok;
  } finally {
    await trunk.close();
  }
}

/** What is undone, and what each ref becomes. */
function planLines({ source, moves, head }: Restoration): string[] {
  const { entry } = source;
  const was = source.moves.map(({ ref, oldId, newId }) =>
    refUpdateAnswer({ log: source, ref, oldValue: oldId, newValue: newId }),
  );
  const again = undoneEntryId(entry) === undefined ? "" : ", which was an undo itself";
  return [
    `push ${entry.id.slice(0, shortIdLength)}${again}:`,
    ...table(was.map((one) => ["", ...refUpdateCells(one).slice(1, 5)])),
    "back to:",
    ...table(
      moves.map(({ ref, oldId, newId }) => ["", shortRef(ref), changeText({ old: oldId ?? null, new: newId ?? null })]),
    ),
    ...(head === undefined ? [] : [`  HEAD  ${shortRef(head.oldTarget)} -> ${shortRef(head.newTarget)}`]),
  ];
}

function answerOf({ source, moves, head }: Restoration, dryRun: boolean): object {
  return {
    object: "restoration",
    undone_entry_id: source.entry.id,
    dry_run: dryRun,
    moves: moves.map(({ ref, oldId, newId }) => ({ ref, old: oldId ?? null, new: newId ?? null })),
    ...(head !== undefined && { head: { old: head.oldTarget, new: head.newTarget } }),
  };
}
