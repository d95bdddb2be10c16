import type { Row } from "./suite.ts";

/** The rows as a Markdown table. */
export function rowsTable(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, measured, beside, figure, bar }) => `| ${what} | ${measured} | ${beside} | ${figure} | ${bar} |`,
  );
  return ["| what | Trunks | beside | figure | bar |", "|---|---|---|---|---|", ...lines].join("\n");
}
