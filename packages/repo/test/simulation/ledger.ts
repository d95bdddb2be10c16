import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** One run of histories, as a row of the ledger says it. */
export interface Row {
  /** Of the code that ran, with a `+` when it was not what is committed. */
  readonly commit: string;
  readonly first: number;
  readonly histories: number;
  /** Pushes that were decided, and faults, in all of them. */
  readonly pushes: number;
  readonly faults: number;
  /** Seeds that broke a promise. */
  readonly violations: readonly number[];
  /** Of one core. */
  readonly hours: number;
}

const rowPattern =
  /^\| `([0-9a-f]+\+?)` \| ([0-9]+) to (-?[0-9]+) \| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \| ([^|]+) \| ([0-9.]+) \|$/;

/**
 * A Markdown file with a table of what was run, a row each. A run has one row, which grows with it: whatever ends the run, the row says
 * how far it came.
 */
export class Ledger {
  readonly #path: string;

  /** Does not touch the file. */
  constructor(path: string) {
    this.#path = path;
  }

  get rows(): Row[] {
    return this.#lines().flatMap((line) => parsed(line) ?? []);
  }

  /** Behind all seeds that were run already. */
  get nextSeed(): number {
    return Math.max(0, ...this.rows.map(({ first, histories }) => first + histories));
  }

  /** Puts the row in place of the one with the same commit and first seed, or behind all. */
  write(row: Row): void {
    const lines = this.#lines();
    const at = lines.findIndex((line) => {
      const other = parsed(line);
      return other?.commit === row.commit && other.first === row.first;
    });
    if (at === -1) lines.push(textOf(row));
    else lines[at] = textOf(row);
    writeFileSync(`${this.#path}.new`, `${lines.join("\n")}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }

  #lines(): string[] {
    return readFileSync(this.#path, "utf8").trimEnd().split("\n");
  }
}

function parsed(line: string): Row | undefined {
  const [, commit, first, , histories, pushes, faults, violations, hours] = rowPattern.exec(line) ?? [];
  if (commit === undefined || violations === undefined) return undefined;
  return {
    commit,
    first: Number(first),
    histories: Number(histories),
    pushes: Number(pushes),
    faults: Number(faults),
    violations: violations === "none" ? [] : violations.split(" ").map(Number),
    hours: Number(hours),
  };
}

function textOf({ commit, first, histories, pushes, faults, violations, hours }: Row): string {
  const broken = violations.length === 0 ? "none" : violations.join(" ");
  const last = first + histories - 1;
  return `| \`${commit}\` | ${first} to ${last} | ${histories} | ${pushes} | ${faults} | ${broken} | ${hours.toFixed(2)} |`;
}

/** The commit of the code that a simulation runs. */
export function commitOfCode(): string {
  const git = (...words: string[]) =>
    execFileSync("git", words, { cwd: new URL(".", import.meta.url), encoding: "utf8" }).trim();
  const root = git("rev-parse", "--show-toplevel");
  const changed = git(
    "status",
    "--porcelain",
    "--",
    ...["core", "layers", "repo"].map((name) => `${root}/packages/${name}/**/*.ts`),
  );
  return `${git("rev-parse", "--short=12", "HEAD")}${changed === "" ? "" : "+"}`;
}
