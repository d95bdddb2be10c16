import { type ErrorCode, TrunksError } from "@trunks/core";

interface Kind {
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly hint?: string;
}

/** What the first word of a refusal means. The server has done nothing then. */
const kinds: Readonly<Record<string, Kind>> = {
  NOAUTH: { code: "UNAUTHENTICATED", hint: "set REDISCLI_AUTH, or the storage's option --password" },
  WRONGPASS: { code: "UNAUTHENTICATED", hint: "the user or the password is wrong" },
  NOPERM: { code: "PERMISSION_DENIED", hint: "the README lists the commands that the user must be allowed" },
  READONLY: { code: "PERMISSION_DENIED", hint: "this server is a replica: name the primary" },
  OOM: { code: "NO_SPACE", hint: "raise the server's maxmemory" },
  MISCONF: { code: "UNAVAILABLE", retryable: true, hint: "the server cannot write to its disk" },
  LOADING: { code: "UNAVAILABLE", retryable: true },
  BUSY: { code: "UNAVAILABLE", retryable: true },
  MASTERDOWN: { code: "UNAVAILABLE", retryable: true },
  WRONGTYPE: { code: "CORRUPT", hint: "another program writes under the same keys" },
};

/** The error for what the server has answered. */
export function answerError(error: Error): TrunksError {
  const { code, retryable, hint } = kindOf(error.message);
  return new TrunksError(code, `Redis refuses: ${error.message}`, { cause: withoutCommand(error), retryable, hint });
}

/** The error for a command that got no answer. */
export function lostError(cause: unknown, unanswered: "unknown" | "harmless"): TrunksError {
  const message = `Redis does not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (/CERT/.test((cause as NodeJS.ErrnoException | undefined)?.code ?? "")) {
    const hint = "for a certificate of your own authority set NODE_EXTRA_CA_CERTS";
    return new TrunksError("UNAVAILABLE", message, { cause, hint });
  }
  if (unanswered === "unknown") return new TrunksError("OUTCOME_UNKNOWN", message, { cause });
  return new TrunksError("UNAVAILABLE", message, { cause, retryable: true });
}

function kindOf(message: string): Kind {
  if (/DB index is out of range/.test(message)) return { code: "NOT_FOUND", hint: "the server has no such database" };
  if (/max number of clients/.test(message)) return { code: "UNAVAILABLE", retryable: true };
  if (/can't run this command|No permissions to access a key/.test(message)) return kinds.NOPERM as Kind;
  if (/without any password|no password is set/.test(message)) {
    return { code: "UNAUTHENTICATED", hint: "the server knows no password for this user" };
  }
  return kinds[message.split(" ", 1)[0] ?? ""] ?? { code: "INTERNAL" };
}

/** The client notes the command on its errors, and with it passwords and bodies. */
function withoutCommand(error: Error & { command?: unknown }): Error {
  delete error.command;
  return error;
}
