import { TrunksError } from "@trunks/core";
import { encodeText } from "@trunks/repo/client";

/** Who made a commit, and when. */
export interface Identity {
  /** As it shall stand in commits. */
  readonly name: string;
  /** As it shall stand in commits. */
  readonly email: string;
  /** Default: now. */
  readonly date?: Date;
  /** Minutes east of Greenwich in which the date is written down: 120 is `+0200`. Default: this machine's. */
  readonly timezoneMinutes?: number;
}

/** Who a commit's author is when nobody says: what git's own variables say, else the program itself. */
export function defaultIdentity(
  role: "AUTHOR" | "COMMITTER",
  environment: Readonly<Record<string, string | undefined>>,
): Identity {
  const name = environment[`GIT_${role}_NAME`] || "trunks";
  const email = environment[`GIT_${role}_EMAIL`] || "trunks@localhost";
  return { name, email };
}

/** As it stands in a commit: `A Writer <writer@example.org> 1700000000 +0000`. Throws `INVALID_ARGUMENT`. */
export function identityLine(identity: Identity): Uint8Array {
  const { date = new Date(), timezoneMinutes = -date.getTimezoneOffset() } = identity;
  const seconds = Math.floor(date.getTime() / 1000);
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new TrunksError("INVALID_ARGUMENT", "the date of a commit cannot be before 1970");
  }
  const name = withoutCrud(identity.name);
  if (name === "") throw new TrunksError("INVALID_ARGUMENT", "the name of a commit's author is empty");
  return encodeText(`${name} <${withoutCrud(identity.email)}> ${seconds} ${timezoneText(timezoneMinutes)}`);
}

/** What would break the line is left out, and what stands at either end without meaning. Source: ident.c of Git. */
function withoutCrud(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is left out
  return text.replace(/^[\x00-\x20.,:;<>"\\']+|[\x00-\x20.,:;<>"\\']+$/g, "").replace(/[\n<>]/g, "");
}

function timezoneText(minutes: number): string {
  const positive = Math.abs(Math.trunc(minutes));
  const digits = Math.floor(positive / 60) * 100 + (positive % 60);
  if (!(digits <= 9999)) throw new TrunksError("INVALID_ARGUMENT", `there is no time zone of ${minutes} minutes`);
  return `${minutes < 0 ? "-" : "+"}${String(digits).padStart(4, "0")}`;
}
