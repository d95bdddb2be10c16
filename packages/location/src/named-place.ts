import { TrunksError } from "@trunks/core";

/** A store that holds a trunk, as the trunk's map of mirrors names it. */
export interface NamedPlace {
  readonly name: string;
  readonly url: string;
}

/** For a place that only the trunk names, where this machine has to name it as well: what it is, and `how` that is done. */
export function unnamedPlace({ name, url }: NamedPlace, how: string, kind: "host" | "folder" = "host"): TrunksError {
  const danger = {
    host: "this machine's credentials are not for everyone",
    folder: "what lies in a repository there may run programs",
  };
  const variable = `TRUNKS_STORAGE_${name.toUpperCase().replaceAll("-", "_")}_URL`;
  return new TrunksError(
    "CONFIG_INVALID",
    `the trunk names a ${kind} of its own choice for ${name}, and ${danger[kind]}: ${url}`,
    { hint: `if you trust it, say so: \`trunks storage add ${name} --mirror ${how}\`, or set ${variable}` },
  );
}
