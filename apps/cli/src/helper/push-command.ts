/** One line `push [+]source:target`. */
export interface PushCommand {
  /** A name or an id of the user's repository; empty to delete the target. */
  readonly source: string;
  readonly target: string;
  /** The target may lose what it has. */
  readonly forced: boolean;
}

export function parsePushCommand(text: string): PushCommand {
  const forced = text.startsWith("+");
  const spec = forced ? text.slice(1) : text;
  const colon = spec.lastIndexOf(":");
  return { source: spec.slice(0, colon), target: spec.slice(colon + 1), forced };
}
