import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** What a line of the file is chosen by. */
export interface LoginPlace {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * The password for a log-in from libpq's password file: `PGPASSFILE`, else `~/.pgpass`. The first line that fits counts.
 * `undefined` when there is none, and when others may read the file, which libpq does not take either.
 */
export async function passwordFromFile(place: LoginPlace, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = environment.PGPASSFILE || join(environment.HOME || homedir(), ".pgpass");
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) return undefined;
    text = await readFile(path, "utf8");
  } catch {
    return undefined;
  }
  const host = place.host.startsWith("/") ? "localhost" : place.host;
  const wanted = [host, String(place.port), place.database, place.user];
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const [password, ...fields] = fieldsOf(line).reverse();
    const fits = fields.reverse().every((field, index) => field === "*" || unescaped(field) === wanted[index]);
    if (fields.length === wanted.length && fits) return unescaped(password ?? "");
  }
  return undefined;
}

/** Fields are separated by colons; a colon or a backslash that belongs to one has a backslash before it. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].slice(0, 5).map(([, field = ""]) => field);
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, "$1");
}
