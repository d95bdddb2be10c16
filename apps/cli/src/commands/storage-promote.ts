import { setTimeout as sleep } from "node:timers/promises";
import { TrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";
import { type Place, promote, type State, takeOver } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { readSettings, requireWorkingCopy } from "../git/working-copy.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { requireOwnTrunk } from "../trunk/mirror-trunk.ts";
import type { OpenedTrunk } from "../trunk/open-trunk.ts";

export const command: Command = {
  usage: ["NAME", "NAME --gone PRIMARY [--gone MIRROR …] [--accept-loss]"],
  description: [
    "Makes a mirror the primary: the store whose journal decides, and to which everyone pushes from then on. The old primary becomes a strict mirror.",
    "When the primary is gone for good, say so with --gone: nothing is asked of it, and it leaves the trunk. Every strict mirror must be reached, or be gone as well; so no push that was acknowledged is lost, and nobody goes on with the old primary.",
  ],
  options: {
    name: storageOptions.name,
    gone: { value: "NAME", multiple: true, help: "this store is gone for good" },
    "accept-loss": { help: "make a lagging mirror the primary, though it may lack pushes" },
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = storageName(args);
    if (name === undefined) throw new UsageError("the mirror's name is missing");
    const gone = args.texts("gone");
    if (gone.includes(name)) throw new UsageError(`${name} cannot be gone and become the primary`);
    const copy = await requireWorkingCopy();
    const trunk = await requireOwnTrunk(copy, await readSettings(copy), context);
    try {
      const state = gone.length === 0 ? await promoteTo(trunk, name, signal) : await takeOverBy(trunk, name, context);
      const primary = state.map.primary as Place;
      const answer = { object: "promotion", primary: primary.name, url: redactUrl(primary.url) };
      output.answer(answer, `${primary.name} is the primary now`);
      output.note(`hint: everyone pushes there from now on: git remote set-url <remote> trunks::${primary.url}`);
      return exitStatus.ok;
    } finally {
      await trunk.close();
    }
  },
};

async function promoteTo({ repository }: OpenedTrunk, name: string, signal: AbortSignal): Promise<State> {
  const { state, missed } = await promote(repository, name, { signal });
  const target = missed.find((one) => one.name === name);
  if (target === undefined) return state;
  throw new TrunksError(target.error.code, `${name} is chosen, but was not told: ${target.error.message}`, {
    cause: target.error,
    hint: `nobody can push until it is: run \`trunks storage promote ${name}\` again`,
  });
}

async function takeOverBy(
  trunk: OpenedTrunk,
  name: string,
  { arguments: args, signal }: Parameters<Command["run"]>[0],
) {
  const target = await knownPlace(trunk, name);
  return takeOver(target, {
    open: trunk.open,
    sleep: (ms, raised) => sleep(ms, undefined, { signal: raised }),
    gone: args.texts("gone"),
    acceptLoss: args.flag("accept-loss"),
    signal,
  });
}

/** Where the mirror is, as this clone knew it last; a clone of the mirror itself can ask it. */
async function knownPlace({ repository, place }: OpenedTrunk, name: string): Promise<Place> {
  const state = (await repository.remembered()) ?? (await repository.read({ mirrors: false }).catch(() => undefined));
  const found = state?.map.primary?.name === name ? state.map.primary : state?.map.mirrors.get(name);
  if (found !== undefined) return { name: found.name, url: found.url };
  if (place.name === name) return place;
  throw new TrunksError("NOT_FOUND", `this clone does not know where ${name} is`, {
    hint: "clone the trunk from the mirror's URL, and promote it there",
  });
}
