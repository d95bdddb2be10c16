import { resolveStorage } from "@trunks/location";
import { isFollower, reportMirrors, type State, syncMirror, verifyMirror } from "@trunks/repo";
import { listPage } from "@trunks/sdk/list-answer";
import { type Command, type Context, exitStatus } from "../command.ts";
import { readSettings, requireWorkingCopy } from "../git/working-copy.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { table } from "../terminal/output.ts";
import {
  copyProgress,
  type MirrorAnswer,
  mirrorAnswer,
  mirrorOf,
  mirrorText,
  mirrorTo,
  requireOwnTrunk,
} from "../trunk/mirror-trunk.ts";
import type { OpenedTrunk } from "../trunk/open-trunk.ts";
import { type VerificationAnswer, verificationAnswer, verificationText } from "../trunk/verification-answer.ts";

export const command: Command = {
  usage: ["[NAME] [--verify]"],
  description: [
    "Copies to a mirror what it lacks, and goes on where it was interrupted before; without a name, to all of them. What is copied is checked by its digest. Fails when one cannot be brought up.",
    "With --verify all that the mirror holds of the trunk is read and held against its digest, and what is missing or damaged is put in its place as the primary has it. Fails when something cannot be mended. A mirror that is a Git repository is brought up and not read: `git fsck` there does that.",
  ],
  options: { name: storageOptions.name, verify: { help: "read back all that the mirror holds, and mend it" } },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const copy = await requireWorkingCopy();
    const settings = await readSettings(copy);
    const trunk = await requireOwnTrunk(copy, settings, context);
    try {
      const { repository } = trunk;
      const name = storageName(args);
      const state = await repository.read({ signal, mirrors: false });
      const known = [...(state?.map.mirrors.keys() ?? [])];
      const added =
        name !== undefined && !known.includes(name)
          ? resolveStorage(name, settings?.storages ?? {}, process.env)
          : undefined;
      if (name !== undefined && added !== undefined) {
        await mirrorTo(trunk, copy, mirrorOf(name, added, "strict", trunk), context);
      }
      const failures: unknown[] = [];
      const verifications = new Map<string, VerificationAnswer>();
      const wanted = name === undefined ? known : added === undefined || args.flag("verify") ? [name] : [];
      for (const one of wanted) {
        try {
          const verification = await (args.flag("verify") ? verifyOne : syncOne)(trunk, one, context);
          if (verification !== undefined) verifications.set(one, verification);
        } catch (error) {
          failures.push(error);
        }
      }
      const reports = await reportMirrors(repository, repository.known as State, { signal });
      const answers = reports
        .filter((report) => name === undefined || report.name === name)
        .map((report) => ({ ...mirrorAnswer(report), verification: verifications.get(report.name) }));
      if (failures.length > 0) throw failures[0];
      output.answer(listPage(answers), answers.length === 0 ? "the trunk has no mirrors" : answers.flatMap(linesOf));
      return answers.every(({ verification }) => verification?.ok !== false) ? exitStatus.ok : exitStatus.failure;
    } finally {
      await trunk.close();
    }
  },
};

async function syncOne({ repository }: OpenedTrunk, name: string, { output, signal }: Context): Promise<undefined> {
  const progress = copyProgress(name, output.live);
  await syncMirror(repository, name, { signal, progress: progress.step }).finally(progress.end);
}

/** `undefined` for a Git repository among all mirrors, which is brought up. */
async function verifyOne(trunk: OpenedTrunk, name: string, context: Context): Promise<VerificationAnswer | undefined> {
  const { arguments: args, output, signal } = context;
  const mirror = trunk.repository.known?.map.mirrors.get(name);
  if (storageName(args) === undefined && mirror !== undefined && isFollower(mirror)) {
    return syncOne(trunk, name, context);
  }
  const verified = copyProgress(name, output.live, "Verifying packs of");
  const copied = copyProgress(name, output.live);
  const ended = () => {
    verified.end();
    copied.end();
  };
  const steps = { verified: verified.step, progress: copied.step };
  return verificationAnswer(await verifyMirror(trunk.repository, name, { signal, ...steps }).finally(ended));
}

function linesOf({ verification, ...mirror }: MirrorAnswer): string[] {
  const text = `${mirror.name}: ${mirrorText(mirror)}`;
  if (verification === undefined) return [text];
  const rows = verification.problems.map(({ severity, code, subject, message }) => [
    `  ${severity}`,
    code,
    subject,
    message,
  ]);
  return [`${text}; ${verificationText(verification)}`, ...table(rows)];
}
