import { isTrunksError, TrunksError } from "@trunks/core";
import {
  backendPackages,
  checkStorageName,
  type FieldName,
  fieldOption,
  formSchemes,
  isSecretName,
  parseRoot,
  type StorageField,
  schemeRules,
  storageFields,
} from "@trunks/location";
import type { Arguments } from "../arguments.ts";
import { ask, askSecret, isAttended } from "../terminal/ask.ts";
import { missingFields, statedPlace, storageName } from "./options.ts";

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
  const stated = statedPlace(args);
  const question = `kind of store (${formSchemes().join(", ")}), or its URL: `;
  const place = stated.url ?? stated.scheme ?? (await askUntil({ question, check: checkPlace, required: true })) ?? "";
  const answers = await askForFields(args, place);
  const isNew = stated.url === undefined && stated.scheme === undefined;
  return args.with({ name, ...(isNew && { backend: place }), ...answers });
}

function isComplete(args: Arguments): boolean {
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
      process.stderr.write(`${error.message}\n`);
    }
  }
}

/** A kind that is known or could be installed, or a URL. */
function checkPlace(answer: string): void {
  if (answer.includes("://")) parseRoot(answer);
  else if (!formSchemes().includes(answer)) {
    backendPackages(answer);
    throw new TrunksError("INVALID_ARGUMENT", `${answer} is described by a URL alone: ${answer}://…`);
  }
}
