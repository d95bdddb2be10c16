import { optionName, type Storage } from "@trunks/location";
import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { requireStored, storageAnswer, withEnvironment } from "../storage-answer.ts";
import { secretsHelp, storageFrom, storageName, storageOptions, storageUrl } from "../storage-options.ts";
import { probeStorage } from "../storage-probe.ts";
import { requireSettings } from "../working-copy.ts";

export const command: Command = {
  usage: ["NAME [OPTIONS]"],
  description: ["What is not named stays as it is. The store is tried out before anything is saved.", secretsHelp],
  options: {
    ...storageOptions,
    unset: { value: "KEY", multiple: true, help: "forget an option or a secret: region, secret-key, mirror, …" },
  },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, verbose, signal }) {
    const name = storageName(args);
    if (name === undefined) throw new UsageError("the storage's name is missing");
    const file = await requireSettings();
    const settings = await file.read();
    const stored = without(requireStored(name, settings), args.texts("unset"));
    const url = storageUrl(args, stored.url) ?? stored.url;
    const changed = await storageFrom(args, { ...stored, url, ...(args.flag("mirror") && { mirror: true }) });
    await probeStorage(withEnvironment(name, changed, settings.storages), { verbose, signal });
    const updated = await file.update((before) => {
      requireStored(name, before);
      return {
        ...before,
        storages: { ...before.storages, [name]: changed },
        ...(args.flag("default") && { defaultStorage: name }),
      };
    });
    const answer = storageAnswer(name, changed, updated);
    output.answer(answer, `updated ${name}: ${answer.url} keeps its promises`);
    return exitStatus.ok;
  },
};

function without(storage: Storage, keys: readonly string[]): Storage {
  const names = new Set(keys.flatMap((key) => [key, optionName(key)]));
  const known = new Set([...Object.keys(storage.options), ...Object.keys(storage.secrets), "mirror"]);
  for (const key of keys) {
    if (!known.has(key) && !known.has(optionName(key))) throw new UsageError(`--unset ${key}: that is not set`);
  }
  const left = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !names.has(key)));
  const mirror = storage.mirror === true && !names.has("mirror");
  return {
    url: storage.url,
    options: left(storage.options),
    secrets: left(storage.secrets),
    ...(mirror && { mirror }),
  };
}
