import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const roots: string[] = [];

// Here and not in the function: within a test vitest takes no such hooks.
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** An empty folder that is removed when the file's tests have ended. */
export function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "trunks-local-"));
  roots.push(root);
  return root;
}
