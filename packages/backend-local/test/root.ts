import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** An empty folder that is removed when the file's tests have ended. */
export function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "trunks-local-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return root;
}
