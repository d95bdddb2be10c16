import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";
import type { FileResult, PackageResult } from "./tally.ts";

/** Writes what a package's suite did to `<folder>/<package>.json`, for the tally over all packages. */
export class ResultsReporter implements Reporter {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): void {
    const { name } = JSON.parse(readFileSync("package.json", "utf8")) as { name: string };
    const result: PackageResult = {
      name,
      files: modules.map(fileResult),
      servers: modules[0] === undefined ? [] : startedServers(modules[0].project),
      errors: unhandled.map(String).concat(reason === "interrupted" ? ["the run was interrupted"] : []),
    };
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, `${name.replaceAll("/", "+")}.json`), JSON.stringify(result, null, 1));
  }
}

/** Those that the package's set-up has provided; of their addresses no more than this goes into a file. */
function startedServers(project: TestModule["project"]): PackageResult["servers"] {
  const { servers = {} } = project.getProvidedContext() as {
    servers?: Readonly<Record<string, { readonly name: string; readonly version: string }>>;
  };
  return Object.values(servers).map(({ name, version }) => ({ name, version }));
}

function fileResult(module: TestModule): FileResult {
  const passed: string[] = [];
  const failed: { name: string; reason?: string }[] = [];
  const skipped: { name: string; reason?: string }[] = [];
  for (const test of module.children.allTests()) {
    const outcome = test.result();
    if (outcome.state === "passed") passed.push(test.fullName);
    else if (outcome.state === "skipped") skipped.push({ name: test.fullName, reason: outcome.note });
    else failed.push({ name: test.fullName, reason: firstLine(test.result().errors) });
  }
  // A file that cannot be imported, or whose hooks throw, fails without a failing test.
  if (module.state() === "failed" && failed.length === 0) {
    failed.push({ name: "(the file itself)", reason: firstLine(module.errors()) });
  }
  return { path: module.relativeModuleId, passed, failed, skipped };
}

function firstLine(errors: readonly { readonly message: string }[] = []): string | undefined {
  return errors[0]?.message.split("\n")[0];
}
