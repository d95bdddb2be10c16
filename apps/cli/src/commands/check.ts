import { checkConnectivity, checkContents } from "../check-contents.ts";
import { checkKeys } from "../check-keys.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { openTrunk } from "../open-trunk.ts";
import { type Output, table } from "../output.ts";
import type { Problem } from "../problem.ts";
import { findTrunkRemote } from "../trunk-remote.ts";
import { findWorkingCopy, requireWorkingCopy } from "../working-copy.ts";

export const command: Command = {
  usage: ["[REMOTE|URL] [--remote [--full]]"],
  description: [
    "Reads the journal, whose digests are checked on the way, and holds the store's keys and their sizes against it; lets git check that this clone is complete. With --remote every pack is downloaded into a temporary folder, its digest is checked, and git verifies that all that the refs reach is there. Changes nothing. Fails when data is missing or damaged; warnings alone are no failure.",
  ],
  options: {
    remote: { help: "download and verify what the store holds" },
    full: { help: "with --remote: look into every object as well" },
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const { url, gitDir, local } = await target(context);
    const trunk = await openTrunk(url, { gitDir, fresh: true, verbose, signal });
    try {
      const state = await trunk.repository.readExisting({ signal });
      const full = args.flag("full");
      const problems = [
        ...(await checkKeys(trunk.backend, state, signal)),
        ...(args.flag("remote")
          ? await checkContents(trunk.repository, state, { full, showProgress: output.live, signal })
          : []),
        ...(local && !args.flag("remote") ? await checkConnectivity([], { full: false, signal }, "LOCAL") : []),
      ];
      const packs = [...state.packs.values()];
      const bytes = packs.reduce((sum, { pack }) => sum + pack.size, 0);
      const counts = { refs: state.refs.size, packs: packs.length, bytes, records: state.slot + 1 };
      const found = {
        object: "check",
        trunk: trunk.name,
        url: trunk.redactedUrl,
        remote: args.flag("remote"),
        ...counts,
      };
      const errors = problems.filter(({ severity }) => severity === "error").length;
      output.answer({ ...found, ok: errors === 0, problems }, [
        `${trunk.name} at ${trunk.redactedUrl}: ${counts.refs} refs, ${counts.packs} packs, ${bytes} bytes, ${counts.records} records`,
        ...table(problems.map((each) => problemRow(each, output))),
        errors === 0 ? "no damage found" : `${errors} errors`,
      ]);
      return errors === 0 ? exitStatus.ok : exitStatus.failure;
    } finally {
      await trunk.close();
    }
  },
};

/** Which trunk is meant, and whether it is that of the clone around. */
async function target({ arguments: args }: Context): Promise<{ url: string; gitDir?: string; local: boolean }> {
  const word = args.words[0];
  if (word?.includes("://")) return { url: word, gitDir: (await findWorkingCopy())?.gitDir, local: false };
  const { gitDir } = await requireWorkingCopy();
  return { url: (await findTrunkRemote(word)).url, gitDir, local: true };
}

function problemRow({ severity, code, subject, message }: Problem, output: Output): string[] {
  return [`  ${output.colour(severity === "error" ? "red" : "yellow", severity)}`, code, subject, message];
}
