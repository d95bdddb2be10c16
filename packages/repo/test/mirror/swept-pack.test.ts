import { beforeEach, describe, expect, test } from "vitest";
import { encodeIntent } from "../../src/format/intent.ts";
import { intentKey, packKey, recordKey } from "../../src/format/key.ts";
import { packNameText } from "../../src/format/pack-name.ts";
import type { State } from "../../src/format/state.ts";
import { Repository } from "../../src/repository.ts";
import { JournalWriter } from "../journal-writer.ts";
import { entry, move, oid, segment } from "../samples.ts";
import { Places, publish } from "./places.ts";

const swept = segment(1);
const name = { kind: "segment", id: swept.id } as const;

let places: Places;
/** Another client, which writes to the primary and does not come to the mirror. */
let rival: JournalWriter;

beforeEach(async () => {
  places = new Places(["primary", "a"]);
  places.now = () => 1_700_000_000_000;
  const state = (await (await places.begin(["a"])).read()) as State;
  rival = new JournalWriter(places.store("primary"), { id: state.trunkId, objects: state.objects });
  rival.states.push(state);
});

/** Pushes a pack that is gone when it is asked for: then it was retired long ago, in the slot behind. */
const pushSwept = () => rival.push({ segments: [swept] });

async function retireWhenAskedFor(place: string, operation: string, key: string): Promise<void> {
  if (place !== "primary" || operation !== "get" || key !== packKey(swept.id)) return;
  if (rival.state.packs.has(packNameText(name))) await rival.append({ retired: [name] });
}

async function expectBoth(...refs: [string, number][]): Promise<void> {
  for (const place of ["primary", "a"]) {
    const state = await new Repository(places.store(place)).readExisting();
    for (const [ref, number] of refs) expect(state.refs.get(ref)?.id).toBe(oid(number));
  }
}

describe("a push whose slot went while a mirror was brought up, for which a pack was asked that was swept since, goes on", () => {
  test("with its first try", async () => {
    await pushSwept();
    const late = places.repository();
    const state = (await late.read()) as State;
    places.weather = async ({ place, operation, key }) => {
      await retireWhenAskedFor(place, operation, key);
      return undefined;
    };
    expect(await publish(late, state, "refs/heads/own", 2)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(rival.state.slot).toBe(state.slot + 1);
    await expectBoth(["refs/heads/own", 2]);
  });

  test("when it carries another's push", async () => {
    const { trunkId, objects, slot: basis } = rival.state;
    const waiting = entry({ basis, moves: [move("refs/heads/carried", 0, 3)] });
    await places.store("primary").create(intentKey(waiting.id), encodeIntent({ trunkId, objects, entry: waiting }));
    const combining = places.repository();
    const state = (await combining.read({ forPush: true })) as State;
    places.weather = async ({ place, operation, key }) => {
      await retireWhenAskedFor(place, operation, key);
      if (place !== "primary" || operation !== "create" || key !== recordKey(rival.state.slot + 1)) return undefined;
      // It loses two slots, the second one to what it then has to give the mirror.
      if (rival.state.slot === basis) await rival.push({});
      else if (rival.state.slot === basis + 1) await pushSwept();
      return undefined;
    };
    expect(await publish(combining, state, "refs/heads/own", 2)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(rival.state.slot).toBe(basis + 3);
    await expectBoth(["refs/heads/own", 2], ["refs/heads/carried", 3]);
  });
});
