import { isSecretName, redactUrl, storageFields } from "@trunks/location";

/** The identity that a secret belongs to is no secret, though it is masked where it is shown. */
const secretOptions = Object.keys(storageFields).filter((name) => isSecretName(name) && name !== "access-key");
const mask = "***";

/** A command line without its secrets, and the options that they stood behind. */
export interface MaskedArguments {
  readonly args: readonly string[];
  readonly exposed: readonly string[];
}

/** Masks the values of options that hold secrets, and the secrets of URLs. A `-` stands for none. */
export function maskArguments(args: readonly string[]): MaskedArguments {
  const exposed: string[] = [];
  const masked = args.map((arg, index) => {
    const [, name, value] = /^--([a-z-]+)=(.*)$/s.exec(arg) ?? [];
    const isValue = name === undefined && args[index - 1]?.startsWith("--") === true;
    const option = name ?? (isValue ? (args[index - 1] as string).slice(2) : "");
    const hidden = maskedValue(option, name === undefined ? arg : (value as string));
    if (hidden === undefined) return redactUrl(arg);
    exposed.push(option);
    return name === undefined ? hidden : `--${name}=${hidden}`;
  });
  return { args: masked, exposed };
}

/** The value of an option as it may be seen; `undefined` when it may be seen as it is. */
function maskedValue(option: string, value: string): string | undefined {
  if (secretOptions.includes(option)) return value === "-" ? undefined : mask;
  const [key = ""] = value.split("=");
  return option === "option" && value.includes("=") && isSecretName(key) ? `${key}=${mask}` : undefined;
}

/**
 * Takes the secrets out of what `ps` shows of this process, as far as the system lets it (Linux and macOS do), and answers
 * what is to be told to whoever wrote them there: for a moment, and in the shell's history, they can be seen all the same.
 */
export function hideExposedSecrets(args: readonly string[]): string | undefined {
  const { args: masked, exposed } = maskArguments(args);
  if (masked.some((arg, index) => arg !== args[index])) process.title = ["trunks", ...masked].join(" ");
  if (exposed.length === 0) return undefined;
  const names = [...new Set(exposed)].map((name) => `--${name}`).join(" and ");
  return `warning: others can see ${names} in the command line and in the shell's history; write - as the value to be asked for it`;
}
