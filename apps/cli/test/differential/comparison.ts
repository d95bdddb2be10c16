import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CommandResult, Sandbox } from "../support/sandbox.ts";
import { type AllowedDifference, differences, type Facts } from "./allowed.ts";
import { observe } from "./observation.ts";
import { bareRefs, trunkRefs } from "./remote-refs.ts";
import { Side } from "./side.ts";
import { type Step, shellLine } from "./step.ts";

/** The two sides did not do the same. */
class Divergence extends Error {
  constructor(steps: readonly Step[], facts: string) {
    super(`${facts}\n\nafter these steps:\n${steps.map((step) => `  ${shellLine(step)}`).join("\n")}`);
    this.name = "Divergence";
  }
}

export interface ComparisonOptions {
  /** Default `sha1`. */
  readonly objects?: "sha1" | "sha256";
}

/** Runs every step against a trunk (`ours`) and against a bare repository by `file://` (`theirs`), and compares. */
export class Comparison {
  readonly ours: Side;
  readonly theirs: Side;
  readonly sandbox: Sandbox;
  readonly steps: Step[] = [];
  /** Allowed differences that were met, one for each time. */
  readonly allowed: AllowedDifference[] = [];
  /** An allowed difference made the sides too different to go on. */
  over = false;

  private constructor(sandbox: Sandbox, ours: Side, theirs: Side) {
    this.sandbox = sandbox;
    this.ours = ours;
    this.theirs = theirs;
  }

  /** Begins in a folder of the sandbox, with a trunk that is not there yet and an empty bare repository. */
  static async begin(
    sandbox: Sandbox,
    folder: string,
    { objects = "sha1" }: ComparisonOptions = {},
  ): Promise<Comparison> {
    const bare = `${folder}/theirs/remote`;
    const trunk = await trunkRefs(join(sandbox.path, "store"), folder);
    const ours = new Side(sandbox, `${folder}/ours`, sandbox.trunkUrl(folder), trunk);
    const theirs = new Side(sandbox, `${folder}/theirs`, `file://${sandbox.path}/${bare}`, bareRefs(sandbox, bare));
    for (const side of [ours, theirs]) mkdirSync(side.path, { recursive: true });
    await sandbox.git(["init", "-q", "--bare", `--object-format=${objects}`, bare]);
    sandbox.write(`${bare}/config`, sandbox.read(`${bare}/config`) + bareSettings);
    return new Comparison(sandbox, ours, theirs);
  }

  /** Runs the steps one after the other. Throws `Divergence` at the first difference that is not allowed. */
  async run(...steps: readonly Step[]): Promise<CommandResult> {
    let result: CommandResult | undefined;
    for (const step of steps) result = await this.#runOne(step);
    return result as CommandResult;
  }

  async #runOne(step: Step): Promise<CommandResult> {
    this.sandbox.tick();
    this.steps.push(step);
    const [ours, theirs] = await Promise.all([factsOf(this.ours, step), factsOf(this.theirs, step)]);
    const found = await differences({ step, ours, theirs, side: this.ours }, (difference) => {
      this.allowed.push(difference);
      this.over ||= difference.ends ?? false;
    });
    if (found.length === 0) return theirs.result;
    const said = [
      `ours said:\n${this.ours.normal(ours.result.stderr)}`,
      `theirs said:\n${this.theirs.normal(theirs.result.stderr)}`,
    ];
    throw new Divergence(this.steps, [...found, ...said].join("\n"));
  }
}

/** Allows in a bare repository what a trunk allows. */
const bareSettings = `[receive]
	advertisePushOptions = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
`;

async function factsOf(side: Side, step: Step): Promise<Facts> {
  const result = await side.run(step);
  const [repository, remote] = await Promise.all([
    step.look === undefined ? undefined : observe(side, step.look.folder, step.look.closely),
    step.lookAtRemote ? side.remoteRefs() : [],
  ]);
  const output = step.compareOutput ? side.normal(result.stdout).split("\n").filter(Boolean) : [];
  return { result, output, repository, remote };
}
