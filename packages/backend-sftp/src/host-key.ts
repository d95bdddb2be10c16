import { TrunksError } from "@trunks/core";
import { fingerprint, type KnownHosts, typeOf, type Verdict } from "./known-hosts.ts";
import { placeOf, type ResolvedHost } from "./options.ts";

/** Why the key that a host has shown is not to be trusted; `undefined` when it is. */
export function hostKeyProblem(known: KnownHosts, host: ResolvedHost, shown: Uint8Array): TrunksError | undefined {
  const verdict = known.check(host.keyName, shown);
  return verdict.kind === "known" ? undefined : explain(verdict, host, `${typeOf(shown)} ${fingerprint(shown)}`);
}

function explain(verdict: Exclude<Verdict, { kind: "known" }>, host: ResolvedHost, shown: string): TrunksError {
  const place = placeOf(host);
  switch (verdict.kind) {
    case "unknown":
      return new TrunksError("CONFIG_INVALID", `${place} is not a known host; it shows the key ${shown}`, {
        hint: `compare the key with what its administrator says, then: ${scanCommand(host)}`,
      });
    case "changed":
      return new TrunksError(
        "CONFIG_INVALID",
        `the key of ${place} has changed: somebody may stand between. It shows ${shown}, and ${verdict.file} has ` +
          `another in line ${verdict.line}`,
        {
          hint: `if the host has a new key: ssh-keygen -f ${word(verdict.file)} -R ${word(host.keyName)}, then: ${scanCommand(host)}`,
        },
      );
    case "revoked":
      return new TrunksError(
        "CONFIG_INVALID",
        `${place} shows a key that was revoked (${shown}; ${verdict.file}, line ${verdict.line})`,
        { hint: "do not use this host until its administrator has given it another key" },
      );
  }
}

/** The command that adds a host's keys to the first file of known hosts. */
function scanCommand({ host, port, keyName, knownHostsFiles }: ResolvedHost): string {
  const [file = "~/.ssh/known_hosts"] = knownHostsFiles;
  const found = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const scan = `ssh-keyscan ${port === 22 ? "" : `-p ${port} `}${word(host)}`;
  // Under an alias the keys are looked up by that name.
  const renamed = found === keyName ? "" : ` | sed 's/^[^ #]*/${keyName}/'`;
  return `${scan}${renamed} >> ${word(file)}`;
}

/** `text` as one word of a shell's command. */
function word(text: string): string {
  return /^[\w./~@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
