import { TrunksError } from "@trunks/core";

/** A store that holds a trunk, as the trunk's map of mirrors names it. */
export interface NamedPlace {
  readonly name: string;
  readonly url: string;
}

/** For a place that only the trunk names, where this machine has to name it as well. */
export function unnamedHost({ name, url }: NamedPlace, how: string): TrunksError {
  const variable = `TRUNKS_STORAGE_${name.toUpperCase().replaceAll("-", "_")}_URL`;
  return new TrunksError(
    "CONFIG_INVALID",
    `the trunk names a host of its own choice for ${name}, and this machine's credentials are not for everyone: ${url}`,
    { hint: `if you trust it, say so: \`trunks storage add ${name} --mirror ${how}\`, or set ${variable}` },
  );
}
