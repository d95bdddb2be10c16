import { type LogEnd, readRefLogPage } from "@trunks/repo";
import { type Command, exitStatus, listOptions } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { requireWorkingCopy } from "../git/working-copy.ts";
import { table } from "../terminal/output.ts";
import { openTrunk } from "../trunk/open-trunk.ts";
import { fullRef, refUpdateAnswer, refUpdateCells } from "../trunk/ref-update-answer.ts";

export const command: Command = {
  usage: ["[BRANCH] [--remote REMOTE]"],
  description: [
    "Reads the trunk's journal, which is the log of all its refs: who moved what, when, from where to where, and the id of the push, the newest first. Deleted branches are in it. BRANCH may be a full name, refs/tags/v1 say, or HEAD.",
    "Times and names are what each writer's machine said. Where old records were given up, the log begins behind them, and says so.",
  ],
  options: {
    remote: { value: "REMOTE", help: "the remote whose trunk is asked (default: this branch's, origin, trunks)" },
    ...listOptions,
  },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, verbose, signal }) {
    const { gitDir } = await requireWorkingCopy();
    const remote = await findTrunkRemote(args.text("remote"));
    const limit = args.number("limit") ?? 100;
    const offset = args.number("offset") ?? 0;
    const [name] = args.words;
    const trunk = await openTrunk(remote.url, { gitDir, verbose, signal });
    try {
      const state = await trunk.repository.readExisting({ signal });
      const ref = name === undefined ? undefined : fullRef(name);
      const page = await readRefLogPage(trunk.repository.backend, state, { ref, limit, offset, signal });
      const data = page.updates.map(refUpdateAnswer);
      const { more, end } = page;
      const list = { object: "list", data, limit, offset, total_count: more ? null : offset + data.length };
      output.answer(
        { ...list, has_more: more, log_end: end ?? null },
        data.length === 0 ? `no such change is in the log` : table(data.map(refUpdateCells)),
      );
      if (more) output.note(`older changes follow: --offset ${offset + data.length}`);
      if (end !== undefined) tellEnd(end, (line) => output.note(line));
      return exitStatus.ok;
    } finally {
      await trunk.close();
    }
  },
};

function tellEnd({ slot, reason }: LogEnd, tell: (line: string) => void): void {
  if (reason === "stubs") tell(`the log begins with record ${slot}: older ones were given up by upkeep`);
  if (reason === "unjudged")
    tell(`the log begins with record ${slot}: no snapshot is left to tell what older ones did`);
}
