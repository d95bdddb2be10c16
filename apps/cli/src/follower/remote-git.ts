import { TrunksError } from "@trunks/core";
import { type GitAccess, redactUrl } from "@trunks/location";
import { decodeText } from "@trunks/repo";
import { GitFailure, gitStream } from "../helper/git.ts";

export interface RemoteGitOptions {
  readonly signal?: AbortSignal;
  /** In milliseconds. A host that takes longer is `UNAVAILABLE`. Default: as long as bytes flow. */
  readonly deadlineMs?: number;
  /** The repository whose objects are pushed. Default: the one around. */
  readonly gitDir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Tells the command on standard error. Default false. */
  readonly verbose?: boolean;
  /** Shows on standard error how far a push is, behind this name. Default: it is not shown. */
  readonly progressOf?: string;
}

/** How git ended, and what it printed. */
export interface RemoteGitResult {
  readonly output: string;
  /** What git said when it failed, without secrets; `undefined` when it did not. */
  readonly failure: string | undefined;
}

/**
 * Runs a git command that talks to a Git repository elsewhere. The token goes by the environment, which other users of the
 * machine cannot read: never by arguments, and to no helper of the user that would keep it. Nobody is asked anything on the
 * terminal, and no hook of the user's is run. Throws for what is not git's own failure.
 */
export async function remoteGit(
  access: GitAccess,
  args: readonly string[],
  options: RemoteGitOptions = {},
): Promise<RemoteGitResult> {
  const { signal, deadlineMs, gitDir, verbose, progressOf } = options;
  const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
  const stop = AbortSignal.any([signal, deadline].filter((one) => one !== undefined));
  const environment = {
    ...(gitDir !== undefined && { GIT_DIR: gitDir }),
    ...loginEnvironment(access),
    ...options.environment,
    ...untraced,
    GIT_TERMINAL_PROMPT: "0",
    // What git says is read here.
    LC_ALL: "C",
    LANGUAGE: "C",
  };
  const shows = (line: string) => (isProgress.test(line) ? `${progressOf}: ${line}` : undefined);
  const run = { environment, ownSession: true, signal: stop, ...(progressOf !== undefined && { shows }) };
  const chunks: Buffer[] = [];
  const started = performance.now();
  try {
    const all = [...settings(access), ...args];
    for await (const chunk of gitStream(all, run)) chunks.push(chunk);
    return { output: text(chunks, access), failure: undefined };
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline?.aborted) {
      throw new TrunksError("UNAVAILABLE", `it did not answer within ${(deadlineMs ?? 0) / 1000} s`, {
        retryable: true,
      });
    }
    if (!(error instanceof GitFailure)) throw error;
    return { output: text(chunks, access), failure: masked(error.message, access) };
  } finally {
    const elapsedMs = Math.round(performance.now() - started);
    if (verbose) process.stderr.write(`trunks: git ${args[0]} ${redactUrl(access.url)} ${elapsedMs} ms\n`);
  }
}

/** How far git is, here or there. Source: git's progress.c, builtin/pack-objects.c. */
const isProgress =
  /^(remote: )?((Enumerating|Counting|Compressing|Writing|Receiving|Unpacking|Resolving) (objects|deltas): +\d|Delta compression using|Total \d+ \(delta)/;

/** Traces would be taken for what git says. */
const untraced = Object.fromEntries(
  ["TRACE", "TRACE_PACKET", "TRACE_CURL", "TRACE2", "TRACE2_EVENT", "TRACE2_PERF"].map((name) => [`GIT_${name}`, "0"]),
);

/** Slower than this (bytes a second, for seconds) a host counts as away. */
const slowest = ["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=300"];

/** The variables that hold the token; only their names are in arguments. */
const [userVariable, tokenVariable, headerVariable] = ["TRUNKS_GIT_USER", "TRUNKS_GIT_TOKEN", "TRUNKS_GIT_HEADER"];

function settings({ url, login }: GitAccess): string[] {
  const quiet = [...slowest, "-c", "core.hooksPath=/dev/null"];
  if (login === undefined) return quiet;
  const host = new URL(url).origin;
  // An empty one ends the list of the user's own helpers, which would be given the token to keep.
  const forget = ["-c", "credential.helper="];
  if (login.user === undefined) {
    // A header goes wherever a redirection leads.
    const header = [`--config-env=http.${host}.extraHeader=${headerVariable}`, "-c", "http.followRedirects=false"];
    return [...quiet, ...forget, ...header];
  }
  const say = `test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$${userVariable}" "$${tokenVariable}"`;
  return [...quiet, ...forget, "-c", `credential.${host}.helper=!f() { ${say}; }; f`];
}

function loginEnvironment({ login }: GitAccess): Record<string, string> {
  if (login === undefined) return {};
  // Where the token is refused, nobody is asked for another.
  const silent = { GIT_ASKPASS: "", SSH_ASKPASS: "" };
  if (login.user === undefined)
    return { ...silent, [headerVariable as string]: `Authorization: Bearer ${login.token}` };
  return { ...silent, [userVariable as string]: login.user, [tokenVariable as string]: login.token };
}

function text(chunks: readonly Buffer[], access: GitAccess): string {
  return masked(decodeText(Buffer.concat(chunks)), access);
}

/** A host may say again what it was told. */
function masked(said: string, { login }: GitAccess): string {
  if (login === undefined) return said;
  const basic = Buffer.from(`${login.user}:${login.token}`).toString("base64");
  return [login.token, encodeURIComponent(login.token), basic].reduce(
    (left, secret) => left.replaceAll(secret, "***"),
    said,
  );
}
