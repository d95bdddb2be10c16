import type { Sandbox } from "./sandbox.ts";

/** Makes a repository with one commit on `main` that has a few files, and answers the commit's id. */
export async function makeRepository(sandbox: Sandbox, folder: string, args: readonly string[] = []): Promise<string> {
  await sandbox.git(["init", "-q", ...args, folder]);
  return commit(sandbox, folder, "first", { "README.md": "hello\n", "src/main.c": "int main;\n" });
}

/** Commits the files on top of HEAD, in the folder's work tree, and answers the commit's id. */
export async function commit(
  sandbox: Sandbox,
  folder: string,
  message: string,
  files: Readonly<Record<string, string | Uint8Array>> = { [`${message}.txt`]: `${message}\n` },
): Promise<string> {
  sandbox.tick();
  for (const [path, content] of Object.entries(files)) sandbox.write(`${folder}/${path}`, content);
  await sandbox.git(["add", "--", ...Object.keys(files)], { folder });
  await sandbox.git(["commit", "-q", "-m", message], { folder });
  return sandbox.git(["rev-parse", "HEAD"], { folder });
}

/** Makes a repository and pushes its `main` to a new trunk; answers the commit's id. */
export async function makeTrunk(sandbox: Sandbox, folder = "work", name = "app"): Promise<string> {
  const id = await makeRepository(sandbox, folder);
  await sandbox.git(["remote", "add", "origin", sandbox.trunkUrl(name)], { folder });
  await sandbox.git(["push", "-q", "origin", "main"], { folder });
  return id;
}
