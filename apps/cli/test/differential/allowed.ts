import type { CommandResult } from "../support/sandbox.ts";
import { type Observation, observe } from "./observation.ts";
import type { Side } from "./side.ts";
import type { Step } from "./step.ts";

/** What one side did in a step. */
export interface Facts {
  readonly result: CommandResult;
  readonly output: readonly string[];
  readonly repository: Observation | undefined;
  readonly remote: readonly string[];
}

/** What both sides did in a step. */
export interface Pair {
  readonly step: Step;
  readonly ours: Facts;
  readonly theirs: Facts;
  /** The side of the trunk. */
  readonly side: Side;
}

/** A way in which a trunk may differ from git's own server. */
export interface AllowedDifference {
  /** Why it is right that they differ. */
  readonly reason: string;
  /** Whether the sides cannot be compared any further afterwards. Default false. */
  readonly ends?: boolean;
  /** The facts without this difference; `undefined` when it is not there. May change the trunk's side to make both equal again. */
  settle(pair: Pair): Promise<Facts | undefined>;
}

const allowedDifferences: readonly AllowedDifference[] = [
  {
    reason:
      "git ends with 1 where the helper failed in the middle of its work, and with 128 where a server did, or the reverse",
    async settle({ ours, theirs }) {
      const statuses = [ours.result.status, theirs.result.status];
      if (statuses[0] === statuses[1] || !statuses.every((status) => status === 1 || status === 128)) return undefined;
      return { ...ours, result: { ...ours.result, status: theirs.result.status } };
    },
  },
  {
    reason:
      "packs travel as they were pushed, so git finds objects that it did not ask for, and follows tags that point to them",
    async settle({ step, ours, theirs, side }) {
      if (step.look === undefined || !ours.repository || !theirs.repository) return undefined;
      const extra = ours.repository.refs.filter((line) => !theirs.repository?.refs.includes(line));
      const missing = theirs.repository.refs.filter((line) => !ours.repository?.refs.includes(line));
      if (extra.length === 0 || missing.length > 0 || !extra.every((line) => line.startsWith("refs/tags/")))
        return undefined;
      await forgetTags(
        side,
        step.look.folder,
        extra.map((line) => line.split(" ")[0] as string),
      );
      return { ...ours, repository: await observe(side, step.look.folder, step.look.closely) };
    },
  },
  {
    reason:
      "git's own push with options, when every ref is refused, now and then dies of a pipe that its server closed",
    async settle({ ours, theirs }) {
      if (theirs.result.status !== "SIGPIPE" || ours.result.status === 0) return undefined;
      return { ...ours, result: theirs.result, output: theirs.output };
    },
  },
  {
    reason: "a refusal by the trunk has words of its own",
    async settle({ ours, theirs }) {
      const [left, right] = [ours.output.map(refusalClass), theirs.output.map(refusalClass)];
      return left.join() === right.join() && ours.output.join() !== theirs.output.join()
        ? { ...ours, output: theirs.output }
        : undefined;
    },
  },
  {
    reason:
      "packs travel as they were pushed, so an old value that was not fetched may be here, and git can say more of it",
    async settle({ ours, theirs }) {
      const lines = ours.output.map((line, index) => {
        const known = (text = "") =>
          text.startsWith("!") && /\((fetch first|non-fast-forward|needs force)\)$/.test(text);
        return known(line) && known(theirs.output[index]) ? (theirs.output[index] as string) : line;
      });
      return lines.join() === ours.output.join() ? undefined : { ...ours, output: lines };
    },
  },
  {
    reason: "a trunk has the history of deleted refs until it is cleaned up, and a shallow clone may push on top of it",
    ends: true,
    async settle({ ours, theirs }) {
      const refused = theirs.output.filter((line) => line.endsWith("[remote rejected] (shallow update not allowed)"));
      return refused.length > 0 && !refused.some((line) => ours.output.includes(line)) ? theirs : undefined;
    },
  },
];

/** Refusals of `git receive-pack`, of git itself where it judges beforehand, and of the trunk, that mean the same. */
const refusals = new Set([
  "[remote rejected] (failed to update ref)",
  "[remote rejected] (another ref's name is a folder of this one, or this of another)",
  "[remote rejected] (a branch can point to commits only)",
  "[remote rejected] (atomic push failure)",
  "[remote rejected] (atomic transaction failed)",
  "[rejected] (atomic push failed)",
]);

function refusalClass(line: string): string {
  const [flag, refs, summary = ""] = line.split("\t");
  return flag === "!" && refusals.has(summary) ? `!\t${refs}\t(refused)` : line;
}

/** Describes each difference between the sides that is not allowed. */
export async function differences(pair: Pair, met: (difference: AllowedDifference) => void): Promise<string[]> {
  let { ours } = pair;
  for (const difference of allowedDifferences) {
    if (differencesOf(ours, pair.theirs).length === 0) return [];
    const settled = await difference.settle({ ...pair, ours });
    if (settled === undefined) continue;
    met(difference);
    ours = settled;
  }
  return differencesOf(ours, pair.theirs);
}

function differencesOf(ours: Facts, theirs: Facts): string[] {
  const found: string[] = [];
  const compare = (what: string, left: readonly string[], right: readonly string[]) => {
    if (left.join("\n") !== right.join("\n")) found.push(describe(what, left, right));
  };
  compare("status", [String(ours.result.status)], [String(theirs.result.status)]);
  compare("output", ours.output, theirs.output);
  compare("remote", ours.remote, theirs.remote);
  for (const part of Object.keys(ours.repository ?? theirs.repository ?? {}) as (keyof Observation)[]) {
    compare(part, ours.repository?.[part] ?? [], theirs.repository?.[part] ?? []);
  }
  return found;
}

function describe(what: string, ours: readonly string[], theirs: readonly string[]): string {
  const onlyOurs = ours.filter((line) => !theirs.includes(line)).map((line) => `  + ${line}`);
  const onlyTheirs = theirs.filter((line) => !ours.includes(line)).map((line) => `  - ${line}`);
  const order = onlyOurs.length + onlyTheirs.length === 0 ? ["  (another order)"] : [];
  return [`${what}: + ours, - theirs`, ...onlyTheirs, ...onlyOurs, ...order].join("\n");
}

async function forgetTags(side: Side, folder: string, names: readonly string[]): Promise<void> {
  await side.run({ folder, args: ["update-ref", "--stdin"], input: names.map((name) => `delete ${name}\n`).join("") });
  const short = names.map((name) => name.slice("refs/tags/".length));
  await side.editGitFile(folder, "FETCH_HEAD", (line) => !short.some((name) => line.includes(`\ttag '${name}' of `)));
}
