import { localInput, type Step } from "./step.ts";

/** A file to write; text is bytes as characters up to U+00FF. */
export interface FilePlan {
  readonly path: string;
  /** Octal. `120000` is a link, `160000` a submodule whose commit is `content`. Default `100644`. */
  readonly mode?: "100644" | "100755" | "120000" | "160000";
  /** Absent: the path is removed. */
  readonly content?: string;
}

export interface CommitPlan {
  readonly ref: string;
  readonly message: string;
  /** Commits by any name; the first gives the files to start from. None: a root. */
  readonly parents: readonly string[];
  readonly files?: readonly FilePlan[];
  /** What `encoding` header the commit carries. Default none. */
  readonly encoding?: string;
  /** Seconds since 1970 and the zone, as they are to be written. */
  readonly date: string;
  readonly author?: string;
}

/** Writes commits with everything as planned, odd bytes and dates included, and moves their refs. */
export function commits(folder: string, plans: readonly CommitPlan[]): Step {
  const seen = new Set<string>();
  const text = plans.map((plan) => commitText(plan, seen)).join("");
  return localInput(
    folder,
    Buffer.from(text, "latin1"),
    "fast-import",
    "--quiet",
    "--force",
    "--date-format=raw-permissive",
  );
}

/** A row of commits on one branch, each with a file of its own and a line more in `log.txt`. */
export function row(
  folder: string,
  ref: string,
  count: number,
  options: { readonly from?: string; readonly tag?: string } = {},
): Step {
  const { from, tag = ref.replaceAll("/", "-") } = options;
  const plans = Array.from({ length: count }, (_, index): CommitPlan => {
    const name = `${tag}-${index}`;
    return {
      ref,
      message: `${name}\n`,
      parents: index > 0 ? [ref] : from === undefined ? [] : [from],
      files: [
        { path: `${tag}/${name}.txt`, content: `${name}\n` },
        { path: "log.txt", content: Array.from({ length: 20 + index }, (_, line) => `${tag} line ${line}\n`).join("") },
      ],
      date: `${1_600_000_000 + 1000 * index} +0000`,
    };
  });
  return commits(folder, plans);
}

function commitText(plan: CommitPlan, seen: Set<string>): string {
  const [from, ...merged] = plan.parents;
  // What this stream has written is known by its name alone; everything else is looked up.
  const nameOf = (parent: string) => (seen.has(parent) ? parent : `${parent}^0`);
  const continues = from === plan.ref && seen.has(plan.ref);
  const start = from === undefined || continues ? "" : `from ${nameOf(from)}\n`;
  const merges = merged.map((parent) => `merge ${nameOf(parent)}\n`);
  seen.add(plan.ref);
  return [
    ...(from === undefined ? [`reset ${plan.ref}\n`] : []),
    `commit ${plan.ref}\n`,
    `author ${plan.author ?? "A U Thor <author@example.org>"} ${plan.date}\n`,
    `committer C O Mitter <committer@example.org> ${plan.date}\n`,
    ...(plan.encoding === undefined ? [] : [`encoding ${plan.encoding}\n`]),
    data(plan.message),
    start,
    ...merges,
    ...(plan.files ?? []).map(fileText),
    "\n",
  ].join("");
}

function fileText({ path, mode = "100644", content }: FilePlan): string {
  if (content === undefined) return `D ${quote(path)}\n`;
  if (mode === "160000") return `M 160000 ${content} ${quote(path)}\n`;
  return `M ${mode} inline ${quote(path)}\n${data(content)}`;
}

function data(text: string): string {
  return `data ${text.length}\n${text}\n`;
}

function quote(path: string): string {
  return `"${path.replaceAll(/[^ !#-[\]-~]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}
