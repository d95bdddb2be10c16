import { UsageError } from "../arguments.ts";
import { checkConnectivity, checkContents } from "../check/contents.ts";
import { checkKeys } from "../check/keys.ts";
import type { Problem } from "../check/problem.ts";
import { checkRemembered } from "../check/remembered.ts";
import { type Command, exitStatus } from "../command.ts";
import { clean, graceOptions, mebibytes } from "../maintenance/maintenance.ts";
import { duration } from "../terminal/duration.ts";
import { type Output, table } from "../terminal/output.ts";
import { openTrunk } from "../trunk/open-trunk.ts";
import { findTarget } from "../trunk/trunk-target.ts";

export const command: Command = {
  usage: ["[REMOTE|URL] [--remote [--full] [--clean]]"],
  description: [
    "Reads the journal, whose digests are checked on the way, and holds the store's keys and their sizes against it, and what this clone knew of the trunk; lets git check that this clone is complete. With --remote every pack is downloaded into a temporary folder, its digest is checked, and git verifies that all that the refs reach is there. Fails when data is missing or damaged; warnings alone are no failure.",
    "With --clean, and when nothing is damaged, what neither a ref nor the log of refs within the retention reaches is taken out of the packs, and files that nobody has needed for the grace time are deleted. What is taken out now is deleted by the first run after the grace time. Safe beside pushes and fetches.",
  ],
  options: {
    remote: { help: "download and verify what the store holds" },
    full: { help: "with --remote: look into every object as well" },
    clean: { help: "with --remote: take out what nobody needs" },
    retention: { value: "TIME", help: "with --clean: keep what refs pointed to for so long: 30d (default)" },
    ...graceOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const cleans = args.flag("clean");
    if (cleans && !args.flag("remote")) throw new UsageError("--clean goes with --remote");
    const times = { graceMs: duration(args, "grace"), retentionMs: duration(args, "retention") };
    const { url, gitDir, local } = await findTarget(context);
    const trunk = await openTrunk(url, { gitDir, fresh: true, verbose, signal });
    try {
      const state = await trunk.repository.readExisting({ signal });
      const full = args.flag("full");
      const problems = [
        ...(await checkRemembered(url, { gitDir, verbose, signal })),
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
      const cleaned =
        cleans && errors === 0
          ? await clean(trunk, { ...times, force: args.flag("force"), output, signal })
          : undefined;
      output.answer({ ...found, ok: errors === 0, problems, ...(cleaned && { cleaned }) }, [
        `${trunk.name} at ${trunk.redactedUrl}: ${counts.refs} refs, ${counts.packs} packs, ${bytes} bytes, ${counts.records} records`,
        ...table(problems.map((each) => problemRow(each, output))),
        errors === 0 ? "no damage found" : `${errors} errors`,
        ...(cleaned === undefined
          ? []
          : [
              `${cleaned.kept_objects} objects are needed, ${cleaned.dropped_objects} were taken out`,
              `${cleaned.deleted_files} files (${mebibytes(cleaned.deleted_bytes)} MiB) were deleted`,
            ]),
        ...(cleans && errors > 0 ? ["nothing was cleaned: what is damaged might be needed to mend it"] : []),
      ]);
      return errors === 0 ? exitStatus.ok : exitStatus.failure;
    } finally {
      await trunk.close();
    }
  },
};

function problemRow({ severity, code, subject, message }: Problem, output: Output): string[] {
  return [`  ${output.colour(severity === "error" ? "red" : "yellow", severity)}`, code, subject, message];
}
