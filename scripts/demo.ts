/**
 * The main job on the embedded default, a local folder: what a user would type, and what comes of it. Everything happens
 * in a temporary folder, which is removed at the end; `KEEP=1` leaves it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const place = mkdtempSync(join(tmpdir(), "trunks-demo-"));
const store = join(place, "store");
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(import.meta.dirname, "..", ".toolchain", "bin"), process.env.PATH].join(delimiter),
  HOME: join(place, "home"),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
};

try {
  demonstrate();
} finally {
  if (process.env.KEEP === undefined) rmSync(place, { recursive: true, force: true });
  else tell(`left in ${place}`);
}

function demonstrate(): void {
  for (const folder of ["home", "store", "ada"]) mkdirSync(join(place, folder));
  const ada = join(place, "ada");
  const ben = join(place, "ben");

  tell("A repository, and a folder to keep it in.");
  run(ada, "git", "init", "-q", "-b", "main");
  write(ada, "README.md", "# my-app\n");
  run(ada, "git", "add", "README.md");
  run(ada, "git", "commit", "-q", "-m", "first commit");
  run(ada, "trunks", "init", "--name", "my-app");
  run(
    ada,
    "trunks",
    "storage",
    "add",
    "--name",
    "primary",
    "--url",
    pathToFileURL(store).href.replace("file:", "local:"),
  );
  run(ada, "git", "push");

  tell("Somebody else clones it. No server runs anywhere.");
  run(place, "git", "clone", "-q", `trunks::local://${store}/my-app`, "ben");

  tell("Two writers on two branches do not disturb each other.");
  commit(ada, "from-ada.txt", "ada's work", "ada/work");
  commit(ben, "from-ben.txt", "ben's work", "ben/work");
  run(ada, "git", "push", "-q", "origin", "ada/work");
  run(ben, "git", "push", "-q", "origin", "ben/work");

  tell("Two writers on one branch: one wins, and the other is told in git's own words.");
  commit(ada, "notes.txt", "ada was first", "main");
  commit(ben, "notes-too.txt", "ben was second", "main");
  run(ada, "git", "push", "-q", "origin", "main");
  run(ben, "git", "push", "-q", "origin", "main", { refused: "fetch first" });
  tell("So he fetches first.");
  run(ben, "git", "pull", "-q", "--rebase", "origin", "main");
  run(ben, "git", "push", "-q", "origin", "main");
  run(ben, "git", "log", "--oneline", "--graph", "-n", "4");

  tell("What lies in the store: one record a push; a repository's first push may bring a pack of its own.");
  for (const path of filesOf(store))
    process.stdout.write(`  ${String(statSync(path).size).padStart(7)} bytes  ${relative(store, path)}\n`);
  run(ada, "git", "ls-remote", "origin");
}

function commit(folder: string, file: string, message: string, branch: string): void {
  run(folder, "git", "switch", "-q", ...(branch === "main" ? [] : ["-c"]), branch);
  write(folder, file, `${message}\n`);
  run(folder, "git", "add", file);
  run(folder, "git", "commit", "-q", "-m", message);
}

function write(folder: string, file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

function tell(text: string): void {
  process.stdout.write(`\n# ${text}\n`);
}

/** Shows a command and what it says, and stops when it fails, or does not refuse in the words that belong to the story. */
function run(folder: string, program: string, ...rest: (string | { readonly refused: string })[]): void {
  const args = rest.filter((word) => typeof word === "string");
  const refused = rest.find((word) => typeof word !== "string")?.refused;
  process.stdout.write(`${relative(place, folder) || "."} $ ${[program, ...args].join(" ").replaceAll(place, "")}\n`);
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env: environment, encoding: "utf8" });
  const said = `${stdout ?? ""}${stderr ?? ""}`.replaceAll(place, "").replace(/^(?=.)/gm, "  ");
  process.stdout.write(said);
  const asTold = refused === undefined ? status === 0 : status === 1 && said.includes(refused);
  if (!asTold) throw new Error(`${program} ended with status ${status}`);
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
