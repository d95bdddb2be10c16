import { isTrunksError, TrunksError } from "@trunks/core";
import {
  backendPackages,
  checkStorageName,
  type FieldName,
  fieldOption,
  formSchemes,
  gitMirrorUrl,
  isGitMirrorUrl,
  isSecretName,
  parseRoot,
  type StorageField,
  schemeRules,
  storageFields,
} from "@trunks/location";
import type { Arguments } from "../arguments.ts";
import { ask, askSecret, isAttended } from "../terminal/ask.ts";
import { mirrorMode, missingFields, statedPlace, storageName } from "./options.ts";

/** So often a question is put before the command gives up. */
const maxTries = 3;

/**
 * Completes what `storage add` was given by questions, when something is missing and there is somebody to answer. Asks for
 * what a store of that kind needs, and for nothing else.
 */
export async function askForStorage(args: Arguments): Promise<Arguments> {
  if (args.flag("json") || !isAttended() || isComplete(args)) return args;
  const name =
    storageName(args) ?? (await askUntil({ question: "name [primary]: ", check: checkStorageName })) ?? "primary";
  const stated = statedKind(args);
  const question = `kind of store (${kinds().join(", ")}), or its URL: `;
  const place = stated ?? (await askUntil({ question, check: checkPlace, required: true })) ?? "";
  if (isGitPlace(place)) return args.with({ name, ...(await askForRepository(args, place)) });
  return args.with({ name, ...(stated === undefined && { backend: place }), ...(await askForFields(args, place)) });
}

/** A Git repository is no store, and a kind of storage all the same. */
const git = "git";

function kinds(): string[] {
  return [...formSchemes(), git];
}

function isGitPlace(place: string): boolean {
  return place === git || isGitMirrorUrl(place);
}

/** The kind or the URL that the command line says. */
function statedKind(args: Arguments): string | undefined {
  if (args.text("backend") === git) return git;
  const { url, scheme } = statedPlace(args);
  return url ?? scheme;
}

/** A Git repository: it can be a mirror and nothing else. */
async function askForRepository(args: Arguments, place: string): Promise<Record<string, string | undefined>> {
  const question = "url, of the repository, as git pushes to it: ";
  const url =
    args.text("url") ?? (place === git ? await askUntil({ question, check: gitMirrorUrl, required: true }) : place);
  const how = "mirror, strict or lagging: must every push reach it, or may it lag behind [strict]: ";
  const mode = mirrorMode(args) ?? (await askUntil({ question: how, check: checkMode })) ?? "strict";
  const takesToken = /^(git\+)?https?:/.test(url ?? "");
  const isAsked = takesToken && args.text("token") === undefined;
  const needless = "may be empty: git's own credential helpers log in then";
  const token = isAsked ? await askUntil({ question: `token (${needless}) (not shown): `, secret: true }) : undefined;
  return { backend: git, url, mirror: mode, token };
}

function checkMode(answer: string): void {
  if (answer === "strict" || answer === "lagging") return;
  throw new TrunksError("INVALID_ARGUMENT", "it is strict or lagging");
}

function isComplete(args: Arguments): boolean {
  const kind = statedKind(args);
  if (kind !== undefined && isGitPlace(kind)) {
    const isNamed = storageName(args) !== undefined && args.text("mirror") !== undefined;
    return isNamed && (kind !== git || args.text("url") !== undefined);
  }
  const { url, scheme } = statedPlace(args);
  const lacksSecret = args.text("access-key") !== undefined && args.text("secret-key") === undefined;
  if (storageName(args) === undefined || lacksSecret) return false;
  return url !== undefined || (scheme !== undefined && missingFields(args, scheme).length === 0);
}

async function askForFields(args: Arguments, place: string): Promise<Record<string, string>> {
  const isUrl = place.includes("://");
  const { form } = schemeRules(isUrl ? parseRoot(place).protocol.slice(0, -1) : place);
  const answers: Record<string, string> = {};
  const isKnown = (name: string) => args.text(name) !== undefined || answers[name] !== undefined;
  for (const name of form.asked) {
    const { help, follows, mayBeMissing = false }: StorageField = storageFields[name];
    // Where a store is says its URL already.
    if (isKnown(name) || (isUrl && !isCredential(name))) continue;
    if (follows !== undefined && !isKnown(follows)) continue;
    const required = form.required.includes(name) || (follows !== undefined && !mayBeMissing);
    const secret = isCredential(name) && name !== "access-key" && name !== "key-file";
    const note = `${required ? "" : " (may be empty)"}${secret ? " (not shown)" : ""}`;
    const answer = await askUntil({ question: `${name}, ${help}${note}: `, required, secret });
    if (answer !== undefined) answers[name] = answer;
  }
  return answers;
}

function isCredential(name: FieldName): boolean {
  const option = fieldOption(name);
  return option !== undefined && isSecretName(option);
}

interface Question {
  readonly question: string;
  /** Throws when the answer cannot be. */
  readonly check?: (answer: string) => void;
  /** Default false: no answer is one. */
  readonly required?: boolean;
  readonly secret?: boolean;
}

/** Asks again when an answer cannot be. */
async function askUntil({ question, check, required, secret }: Question): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const answer = await (secret ? askSecret(question) : ask(question));
    try {
      if (answer === undefined && required) throw new TrunksError("INVALID_ARGUMENT", "this is needed");
      if (answer !== undefined) check?.(answer);
      return answer;
    } catch (error) {
      if (tries === maxTries || !isTrunksError(error)) throw error;
      process.stderr.write(`${[error.message, error.hint].filter(Boolean).join("; ")}\n`);
    }
  }
}

/** A kind that is known or could be installed, or a URL. */
function checkPlace(answer: string): void {
  if (answer === git) return;
  if (isGitMirrorUrl(answer)) gitMirrorUrl(answer);
  else if (answer.includes("://")) parseRoot(answer);
  else if (!formSchemes().includes(answer)) {
    backendPackages(answer);
    throw new TrunksError("INVALID_ARGUMENT", `${answer} is described by a URL alone: ${answer}://…`);
  }
}
