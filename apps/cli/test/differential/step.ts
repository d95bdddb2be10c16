/**
 * One command of git, run against a trunk and against a bare repository. In arguments and input `{remote}` stands for the
 * remote's URL and `{side}` for the folder in which everything of one side lies.
 */
export interface Step {
  readonly args: readonly string[];
  /** In which folder of the side it runs. Default: the side's own. */
  readonly folder?: string;
  readonly input?: string | Uint8Array;
  /** Which repository is looked at afterwards, if any, and how closely. Default of `closely`: false. */
  readonly look?: { readonly folder: string; readonly closely?: boolean };
  /** Whether what it prints on standard output must be equal. Default false. */
  readonly compareOutput?: boolean;
  /** Whether the remote is looked at afterwards. Default false. */
  readonly lookAtRemote?: boolean;
}

/** Work inside one repository, which both sides must do alike. */
export function local(folder: string, ...args: string[]): Step {
  return { folder, args };
}

/** As `local`, with standard input. */
export function localInput(folder: string, input: string | Uint8Array, ...args: string[]): Step {
  return { folder, args, input };
}

/** A push: git's verdict on each ref and the remote's refs afterwards are compared. */
export function push(folder: string, ...args: string[]): Step {
  return { folder, args: ["push", "--porcelain", ...args], look: { folder }, compareOutput: true, lookAtRemote: true };
}

/** A fetch or whatever else changes a repository from the remote, which is looked at from all sides afterwards. */
export function fetch(folder: string, ...args: string[]): Step {
  return { folder, args, look: { folder, closely: true } };
}

/** A clone of the remote into a new folder. */
export function clone(folder: string, ...args: string[]): Step {
  return { args: ["clone", "-q", ...args, "{remote}", folder], look: { folder, closely: true } };
}

/** A question to the remote, whose answer must be equal byte for byte. */
export function ask(folder: string, ...args: string[]): Step {
  return { folder, args, compareOutput: true };
}

/** The step as a line for a shell. */
export function shellLine({ folder, args, input }: Step): string {
  const words = args.map((word) => (/^[\w@%+=:,./{}^~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const place = folder === undefined ? "" : `-C ${folder} `;
  const fed =
    input === undefined ? "" : ` <<< ${shortened(JSON.stringify(Buffer.from(input as string).toString("latin1")))}`;
  return `git ${place}${words.join(" ")}${fed}`;
}

function shortened(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 280)}… (${text.length} characters)`;
}
