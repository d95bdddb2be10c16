import { type Arguments, UsageError } from "../arguments.ts";

const unitsMs = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 } as const;

/** In milliseconds: `90m`, `24h`, `30d`, or `0`. Throws `UsageError` for anything else. */
export function duration(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (text === "0") return 0;
  const [, number, unit] = /^([0-9]{1,6})([mhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new UsageError(`--${name} takes a time such as 90m, 24h or 30d`);
  return Number(number) * unitsMs[unit as keyof typeof unitsMs];
}
