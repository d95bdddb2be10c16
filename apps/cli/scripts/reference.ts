import { catalog } from "../src/catalog.ts";
import type { CatalogEntry } from "../src/command.ts";
import { commandHelp, overview, urlHelp } from "../src/terminal/help.ts";

const opening = `# The command line

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

| object | members |
|---|---|
| \`error\` | \`code\` (see below), \`message\`, \`hint\` |
| \`list\` | \`data\`, \`limit\`, \`offset\`, \`total_count\`, \`has_more\` |
| \`repository\` | \`name\`; from \`init\`: \`storage\`, \`remote\` (\`name\`, \`url\`), \`settings_path\`, \`helper_path\`; from \`clone\`: \`path\` |
| \`storage\` | \`name\`, \`url\`, \`options\`, \`secrets\` (masked), \`mirror\`, \`default\`, of a mirror \`mirror_state\`; after \`remove\`: \`name\`, \`deleted\` |
| \`mirror\` | \`name\`, \`url\`, \`mode\` (\`strict\`, \`lagging\`), \`behind\` (pushes; null when not known), \`error\` |
| \`promotion\` | \`primary\`, \`url\` |
| \`ping\` | \`storage\`, \`elapsed_ms\`, \`findings\`; of a mirror \`mirror_state\` |
| \`status\` | \`trunk\` (\`name\`, \`url\`, \`remote\`, \`reachable\`, \`exists\`, \`error\`), \`changed_files\`, \`branches\` |
| \`branch\` | \`name\`, \`local_id\`, \`trunk_id\`, \`relation\` (\`equal\`, \`ahead\`, \`behind\`, \`diverged\`, \`local\`, \`trunk\`, \`unknown\`), \`ahead\`, \`behind\` |
| \`check\` | \`trunk\`, \`url\`, \`remote\`, \`refs\`, \`packs\`, \`bytes\`, \`records\`, \`ok\`, \`problems\`; with \`--clean\`: \`cleaned\` (\`kept_objects\`, \`dropped_objects\`, \`rewritten_bytes\`, \`written_bytes\`, \`oversized_packs\`, \`deleted_files\`, \`deleted_bytes\`, \`stubbed_records\`) |
| \`maintenance\` | \`trunk\`, \`url\`, \`merged_packs\`, \`merged_bytes\`, \`written_packs\`, \`written_bytes\`, \`deleted_files\`, \`deleted_bytes\`; from \`start\`: \`remote\`, \`started\` |
| \`maintenance_status\` | \`trunk\`, \`url\`, \`segments\`, \`inline_packs\`, \`bytes\`, \`retired_packs\`, \`due\`, \`background\`, \`last_run\` (\`finished_at\`, \`url\`, \`ok\`, \`message\`) |
| \`problem\` | \`severity\` (\`error\`, \`warning\`), \`code\`, \`subject\`, \`message\` |
| \`contract_case\` | \`id\`, \`status\` (\`passed\`, \`failed\`, \`skipped\`), \`proves\`, \`duration_ms\`, \`reason\` |
| \`finding\` | \`name\`, \`status\` (\`ok\`, \`warning\`, \`failed\`, \`unknown\`), \`detail\`, \`hint\` |
| \`backend\` | \`package\`, \`folder\`; from \`list\`: \`schemes\`, \`installed\`, \`version\` too |
| \`commit\` | \`id\`, \`parents\`, \`author\`, \`committer\` (\`name\`, \`email\`, \`date\`), \`message\` |
| \`change\` | \`status\`, \`path\`, \`source_path\` |
| \`ref_update\` | \`ref\`, \`old\`, \`new\` (null: it was made, or deleted), \`entry_id\`, \`slot\`, \`time\`, \`author\`, \`push_options\`, \`undid\`. Their list has \`log_end\` (\`slot\`, \`reason\`: \`beginning\`, \`stubs\`, \`unjudged\`; null while there are more), and a \`total_count\` of null until the end is reached |
| \`restoration\` | \`undone_entry_id\`, \`dry_run\`, \`moves\` (\`ref\`, \`old\`, \`new\`), \`head\` (\`old\`, \`new\`) |
| \`push\`, \`pull\`, \`fetch\` | \`exit_status\` |
| \`version\` | \`version\`, \`node\`, \`git\` |

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

/** docs/cli.md, as the commands' own help has it. */
export async function reference(): Promise<string> {
  const sections = [
    section("trunks help", overview(catalog)),
    section("trunks help urls", urlHelp),
    ...(await Promise.all(catalog.map(commandSection))),
  ];
  return `${opening}\n${sections.join("\n")}`;
}

async function commandSection(entry: CatalogEntry): Promise<string> {
  return section(`trunks ${entry.name}`.trimEnd(), commandHelp(entry, (await entry.load()).command));
}

function section(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\`\n`;
}
