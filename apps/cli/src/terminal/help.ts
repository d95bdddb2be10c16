import { commonOptions } from "../arguments.ts";
import type { CatalogEntry, Command, OptionSpec } from "../command.ts";
import { table } from "./output.ts";

/** `trunks help`: all commands. */
export function overview(catalog: readonly CatalogEntry[]): string[] {
  const rows = catalog.map(({ name, summary }) => [`  ${name === "" ? "(none)" : name}`, summary]);
  return [
    "Usage: trunks [COMMAND] [OPTIONS]",
    "",
    "Storage you already own, as a Git remote.",
    "",
    "Commands:",
    ...table(rows),
    "",
    "Every command takes --help and --json. Exit status: 0 fine, 1 failed, 2 wrong usage.",
  ];
}

/** `trunks <command> --help`. */
export function commandHelp({ name, summary }: CatalogEntry, command: Command): string[] {
  const start = ["trunks", ...(name === "" ? [] : [name])].join(" ");
  const [first = "", ...others] = command.usage.map((rest) => `${start} ${rest}`.trimEnd());
  const options = {
    ...command.options,
    ...(command.passThrough ? { json: commonOptions.json as OptionSpec } : commonOptions),
  };
  return [
    `Usage: ${first}`,
    ...others.map((line) => `       ${line}`),
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(command.description ?? []).flatMap((paragraph) => ["", ...wrapped(paragraph)]),
    "",
    "Options:",
    ...table(Object.entries(options).map(([option, spec]) => [`  ${optionText(option, spec)}`, spec.help])),
  ];
}

/** `-n, --name NAME`. */
function optionText(name: string, { value, fallback, short }: OptionSpec): string {
  const names = short === undefined || name === "help" ? `--${name}` : `-${short}, --${name}`;
  if (fallback !== undefined) return `${names}[=${value}]`;
  return value === undefined ? names : `${names} ${value}`;
}

/** How URLs are written: `trunks help urls`. */
export const urlHelp: readonly string[] = [
  "A trunk's URL is its store's URL and the repository's name:",
  "",
  ...table(
    [
      ["s3://bucket/path/my-app", "S3; also r2, tigris, b2, wasabi, spaces, minio; ?endpoint=…&region=…"],
      ["gcs://bucket/path/my-app", "Google Cloud Storage; gs too"],
      ["azure://account/container/my-app", "Azure Blob Storage"],
      ["postgres://user@host/database/my-app", "Postgres"],
      ["sftp://user@host/path/my-app", "a machine with ssh"],
      ["local:///srv/code/my-app", "a local folder"],
      ["file:///mnt/share/my-app", "a folder on a share"],
      ["trunks://primary/my-app", "a storage of `trunks storage add`"],
    ].map(([url, meaning]) => [`  ${url}`, meaning as string]),
  ),
  "",
  "The trunk lies in trunks/my-app.trunk in the store. A URL that ends in .trunk is exact.",
  "Stock git wants trunks:: in front: git clone trunks::s3://bucket/my-app. trunks://… needs nothing.",
  "Other schemes are opened by packages that are named after them: trunks backend add SCHEME.",
];

function wrapped(text: string, width = 80): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
