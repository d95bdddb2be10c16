import type { Row } from "./suite.ts";

const width = 760;
const labelWidth = 250;
const valueWidth = 150;
const lineHeight = 22;
const headHeight = 30;

/** The rows that have something to plot as a picture in SVG: a group of bars for each, as long as its longest. */
export function barChart(title: string, rows: readonly Row[]): string {
  const parts: string[] = [];
  let top = headHeight;
  for (const { what, plot = [] } of rows) {
    if (plot.length === 0) continue;
    parts.push(text(0, top + 14, what.replaceAll("`", ""), "what"));
    top += lineHeight;
    const longest = Math.max(...plot.map(({ timeMs }) => timeMs));
    for (const [index, { name, timeMs, isAtLeast }] of plot.entries()) {
      const length = Math.max(1, (timeMs / longest) * (width - labelWidth - valueWidth));
      const kind = index === 0 ? "own" : "other";
      parts.push(text(labelWidth - 8, top + 14, name, "name"));
      parts.push(
        `<rect class="${kind}" x="${labelWidth}" y="${top + 3}" width="${length.toFixed(1)}" height="${lineHeight - 8}" rx="2"/>`,
      );
      parts.push(
        text(labelWidth + length + 6, top + 14, `${isAtLeast ? "more than " : ""}${duration(timeMs)}`, "value"),
      );
      top += lineHeight;
    }
    top += 10;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" role="img" aria-label="${escaped(title)}">`,
    "<style>",
    "text { font: 13px system-ui, sans-serif; fill: #24292f }",
    ".what { font-weight: 600 } .name { text-anchor: end } .title { font-size: 15px; font-weight: 600 }",
    ".own { fill: #2f7d4f } .other { fill: #9aa4af }",
    "@media (prefers-color-scheme: dark) { text { fill: #d5dae0 } .own { fill: #52b27b } .other { fill: #5f6a76 } }",
    "</style>",
    text(0, 16, title, "title"),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escaped(content)}</text>`;
}

function duration(timeMs: number): string {
  if (timeMs < 1000) return `${timeMs.toFixed(0)} ms`;
  return `${(timeMs / 1000).toFixed(timeMs < 10_000 ? 2 : 0)} s`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
