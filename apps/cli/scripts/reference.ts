import schema from "@trunks/sdk/schema.json" with { type: "json" };
import { catalog } from "../src/catalog.ts";
import type { CatalogEntry } from "../src/command.ts";
import { commandHelp, overview, urlHelp } from "../src/terminal/help.ts";

const opening = () => `# The command line

*Written by \`node apps/cli/scripts/write-reference.ts\` from the commands' own help; a test compares.*

| exit status | meaning |
|---|---|
| 0 | fine |
| 1 | failed; the message says why, and a hint what to do |
| 2 | the command line is wrong |
| 130 | interrupted |
| git's own | from \`clone\`, \`push\`, \`pull\`, \`fetch\`, \`log\`, \`diff\`; the shell's own from the managed shell |

Messages, progress and hints go to standard error, answers to standard output. An error is one line and a hint;
\`--verbose\` adds where it comes from, and each request to the store. Colours and progress appear on terminals only, and
\`NO_COLOR\` turns colours off.

## Answers in JSON

With \`--json\` standard output holds exactly one document: the answer, or the error. What git prints goes to standard error
then. Each document and each item says in \`object\` what it is; members may be added, and none will change its meaning.

\`trunks help schema\` prints all of it as a JSON Schema, which is \`schema.json\` in the package \`@trunks/sdk\` too: the SDK answers the
same resources. Members with a question mark may be missing.

${members()}

The codes of errors are those of \`@trunks/core\`: \`NOT_FOUND\`, \`ALREADY_EXISTS\`, \`CONFIG_INVALID\`, \`INVALID_ARGUMENT\`,
\`UNAUTHENTICATED\`, \`PERMISSION_DENIED\`, \`UNAVAILABLE\`, \`OUTCOME_UNKNOWN\`, \`CORRUPT\`, \`NOT_SUPPORTED\`, …

## Settings

\`.trunks/<repository>.trunk\` at the top of the main worktree (in the folder of a bare repository) holds this clone's
storages and their secrets: readable by its owner alone, excluded from git, shared by all worktrees. A file of that name
that comes with a commit is refused: the git folder keeps a random key that the settings must have.

\`TRUNKS_STORAGE_<NAME>_<KEY>\` goes before the file, and suffices without it: the name in upper case with \`_\` for \`-\`, the
key \`URL\`, \`REGION\`, \`ENDPOINT\`, \`ACCESS_KEY\`, \`SECRET_KEY\`, \`SESSION_TOKEN\`, \`PASSWORD\` or any option of the backend.
An empty variable counts as none. Who asks is never put together from both: an access key of the environment ends the saved
secret key and session token, one kind of key or token another saved kind. What neither says is left to the store's own chain of credentials.

Packages of backends are looked for beside this program, in the folders of \`TRUNKS_BACKEND_PATH\` (absolute, separated as
\`PATH\` is), and in \`$XDG_DATA_HOME/trunks/backends\` (by default under \`~/.local/share\`), where \`trunks backend add\` puts
them. Never in the current folder.
`;

interface Shape {
  readonly description: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Member>>;
}

interface Member {
  readonly description?: string;
  readonly enum?: readonly (string | boolean)[];
}

/** A table of every object that the schema has, and its members. */
function members(): string {
  const shapes = Object.entries(schema.$defs as Readonly<Record<string, Shape>>);
  const rows = shapes.flatMap(([name, { description, properties, required = [] }]) => {
    if (properties === undefined) return [];
    const cells = Object.entries(properties).flatMap(([member, told]) =>
      member === "object" ? [] : [memberText(member, told, required.includes(member))],
    );
    return [`| \`${name}\` | ${description} | ${cells.join(", ")} |`];
  });
  return ["| object | what it is | members |", "|---|---|---|", ...rows].join("\n");
}

function memberText(name: string, { description, enum: values }: Member, isRequired: boolean): string {
  const kinds = name === "code" || values === undefined ? undefined : values.map((value) => `\`${value}\``).join(", ");
  const told = [kinds, description].filter(Boolean).join("; ");
  return `\`${name}\`${isRequired ? "" : "?"}${told === "" ? "" : ` (${told})`}`;
}

/** docs/cli.md, as the commands' own help has it. */
export async function reference(): Promise<string> {
  const sections = [
    section("trunks help", overview(catalog)),
    section("trunks help urls", urlHelp),
    ...(await Promise.all(catalog.map(commandSection))),
  ];
  return `${opening()}\n${sections.join("\n")}`;
}

async function commandSection(entry: CatalogEntry): Promise<string> {
  return section(`trunks ${entry.name}`.trimEnd(), commandHelp(entry, (await entry.load()).command));
}

function section(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\`\n`;
}
