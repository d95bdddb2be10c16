import { beforeEach, describe, expect, test } from "vitest";
import { addMirror } from "../../src/mirror/change.ts";
import { promote, takeOver } from "../../src/mirror/promote.ts";
import { reportMirrors } from "../../src/mirror/report.ts";
import type { SightingCache } from "../../src/mirror/sighting.ts";
import { syncMirror } from "../../src/mirror/sync.ts";
import { memorySightings, Places, push } from "./places.ts";

let places: Places;
/** What one clone has seen. */
let sightings: SightingCache;

beforeEach(() => {
  places = new Places(["primary", "a", "c"]);
  sightings = memorySightings();
});

const takeOverBy = (name: string, acceptLoss = false) =>
  takeOver(places.place(name), {
    open: async (place) => places.open(place.name),
    sleep: async () => {},
    gone: ["primary"],
    acceptLoss,
  });

/** Reads the trunk in a store as a process of the clone does; answers what it was told. */
async function readAt(name: string): Promise<string[]> {
  places.warnings.length = 0;
  const repository = places.repository(name, undefined, sightings);
  await repository.read();
  await repository.save();
  return [...places.warnings];
}

const pushAt = (name: string, number: number) =>
  push(places.repository(name, undefined, sightings), "refs/heads/main", number);

const given = expect.stringContaining("this store was the primary, and lacks what was pushed since a is");

describe("a clone that has read the new primary", () => {
  test("is told when it reads the old one, and pushes nothing to it, whether mirrors can be asked or not", async () => {
    await places.begin(["a"]);
    expect(await readAt("primary")).toEqual([]);
    await takeOverBy("a");
    // It knows of nothing yet.
    expect(await readAt("primary")).toEqual([]);
    await pushAt("a", 2);
    expect(await readAt("a")).toEqual([]);
    places.down.add("a");
    for (let times = 0; times < 2; times++) expect(await readAt("primary")).toEqual([given]);
    const before = await places.content("primary");
    await expect(pushAt("primary", 3)).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("a was made the primary since: local:///a/"),
      hint: expect.stringContaining("git remote set-url <remote> trunks::local:///a/"),
    });
    expect(await places.content("primary")).toEqual(before);
  });

  test("is told though the old one went on, since no strict mirror kept it from that", async () => {
    await places.begin([], ["c"]);
    expect(await readAt("primary")).toEqual([]);
    await takeOverBy("c", true);
    expect(await readAt("c")).toEqual([]);
    for (let number = 2; number < 6; number++) await push(places.repository(), "refs/heads/main", number);
    expect(await readAt("primary")).toEqual([expect.stringContaining("since c is")]);
    await expect(pushAt("primary", 7)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  test("hears nothing of promotions to and fro that every store knows of", async () => {
    const repository = await places.begin(["a"]);
    expect(await readAt("primary")).toEqual([]);
    await promote(repository, "a");
    expect(await readAt("a")).toEqual([]);
    await promote(places.repository("a"), "primary");
    expect(await readAt("primary")).toEqual([]);
    expect(await pushAt("primary", 2)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(await readAt("a")).toEqual([expect.stringContaining("its primary is primary")]);
  });

  test("hears nothing any more when the old one has become a mirror, but what it is", async () => {
    await places.begin(["a"]);
    expect(await readAt("primary")).toEqual([]);
    await takeOverBy("a");
    expect(await readAt("a")).toEqual([]);
    expect(await readAt("primary")).toEqual([given]);
    await addMirror(places.repository("a"), places.mirror("primary"), places.place("a"));
    expect(await readAt("primary")).toEqual([
      expect.stringContaining("this is primary, a strict mirror of this trunk"),
    ]);
    expect(await readAt("a")).toEqual([]);
  });
});

describe("a clone that is new", () => {
  /** What it is told by a look at the mirrors. */
  async function look(): Promise<string[]> {
    places.warnings.length = 0;
    const repository = places.repository();
    await repository.readExisting();
    await repository.lookForPrimary();
    return [...places.warnings];
  }

  test("is told of a new primary by a strict mirror, and nothing by one that is away", async () => {
    const repository = await places.begin(["a"], ["c"]);
    expect(await look()).toEqual([]);
    await takeOverBy("a");
    expect(await look()).toEqual([given]);
    places.down.add("a");
    expect(await look()).toEqual([]);
    places.down.delete("a");
    const state = await repository.readExisting();
    expect(await reportMirrors(repository, state)).toMatchObject([
      { name: "a", behind: undefined, error: { message: expect.stringContaining("a was made the primary since") } },
      { name: "c", behind: 0 },
    ]);
    await expect(syncMirror(repository, "a")).rejects.toMatchObject({
      message: expect.stringContaining("a was made the primary since"),
    });
  });

  test("asks nobody where there are no strict mirrors", async () => {
    await places.begin([], ["c"]);
    await takeOverBy("c", true);
    places.requests.length = 0;
    expect(await look()).toEqual([]);
    expect(places.requests.filter((request) => request.startsWith("c:"))).toEqual([]);
  });
});
