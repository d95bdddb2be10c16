import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { openBackend } from "@trunks/backend-local";
import { scope } from "@trunks/layers";
import { Repository } from "@trunks/repo";
import { checkedClone } from "./clone.ts";
import { type Ending, ending } from "./ending.ts";
import { FaultySandbox } from "./faulty-sandbox.ts";
import { makeRepository } from "./repository.ts";
import type { CommandOptions } from "./sandbox.ts";
import { type TrunksResult, trunks, trunksJson, trunksText } from "./trunks.ts";

/** What `storage list|show|ping|sync --json` say of a mirror. */
export interface ShownMirror {
  readonly name: string;
  readonly mode: string;
  readonly behind: number | null;
  readonly error: string | null;
}

/**
 * A sandbox whose repository `work` has a trunk in the store `primary`, and copies of it in others. Each store is a folder
 * of its name; by `faulty` things go wrong there as the plan of the store's name says.
 */
export class MirroredSandbox extends FaultySandbox {
  readonly #scheme: "local" | "faulty";

  constructor(scheme: "local" | "faulty" = "local") {
    super();
    this.#scheme = scheme;
  }

  /** The store's URL. Makes its folder. */
  rootUrl(place: string): string {
    mkdirSync(join(this.path, "stores", place), { recursive: true });
    if (this.#scheme === "local") return `local://${this.path}/stores/${place}`;
    if (!this.exists(place)) this.plan([], place);
    return `faulty://${this.path}/stores/${place}?faults=${this.path}/${place}`;
  }

  /** The trunk's own URL in that store, as git takes it; by the good way. */
  placeUrl(place: string): string {
    return `trunks::local://${this.path}/stores/${place}/app`;
  }

  /** Makes the repository, pushes its `main`, and adds the mirrors: `{ a: "strict", c: "lagging" }`. */
  async begin(mirrors: Readonly<Record<string, string>>): Promise<void> {
    await makeRepository(this, "work");
    await this.trunks("init", "--name", "app", "--url", this.rootUrl("primary"));
    await this.git(["push", "-q", "-u", "origin", "main"], { folder: "work" });
    for (const [name, mode] of Object.entries(mirrors)) {
      await this.trunks("storage", "add", name, "--url", this.rootUrl(name), `--mirror=${mode}`);
    }
  }

  /** Runs a command in `work` that must succeed; answers what it printed. */
  trunks(...args: string[]): Promise<string> {
    return trunksText(this, args, { folder: "work" });
  }

  tryTrunks(...args: string[]): Promise<TrunksResult> {
    return trunks(this, args, { folder: "work" });
  }

  json<Answer>(...args: string[]): Promise<Answer> {
    return trunksJson<Answer>(this, args, { folder: "work" });
  }

  push(options: CommandOptions = {}): Promise<Ending> {
    return ending(this, ["push", "-q"], { folder: "work", ...options });
  }

  /** The mirrors as `storage list` shows them, by name. */
  async mirrors(): Promise<Readonly<Record<string, ShownMirror>>> {
    const { data } = await this.json<{ data: { name: string; mirror_state?: ShownMirror }[] }>("storage", "list");
    return Object.fromEntries(data.flatMap((one) => (one.mirror_state ? [[one.name, one.mirror_state]] : [])));
  }

  /** Removes a file or a folder, as somebody who has no business there. */
  discard(path: string): void {
    rmSync(join(this.path, path), { recursive: true });
  }

  /** Copies a folder as it is. */
  copy(from: string, to: string): void {
    cpSync(join(this.path, from), join(this.path, to), { recursive: true });
  }

  /** Makes something else of a file. */
  overwrite(path: string, change: (bytes: Buffer) => Uint8Array): void {
    writeFileSync(join(this.path, path), change(readFileSync(join(this.path, path))));
  }

  /** A store goes away, and comes back. */
  away(place: string): void {
    renameSync(join(this.path, "stores", place), join(this.path, `away-${place}`));
  }

  back(place: string): void {
    renameSync(join(this.path, `away-${place}`), join(this.path, "stores", place));
  }

  /** All that lies in a store by its key, but what the store says of itself. */
  content(place: string): Map<string, string> {
    const folder = `stores/${place}`;
    const keys = this.files(folder).map((path) => relative(folder, path));
    return new Map(
      keys
        .sort()
        .filter((key) => !key.endsWith(".trunk/place"))
        .map((key) => [key, readFileSync(join(this.path, folder, key), "latin1")]),
    );
  }

  /**
   * What `main` is in a store as its own journal has it, or `undefined` where there is no trunk; every pack that the journal
   * names is there with its digest, or this throws. Without git, for tests that look often.
   */
  async tip(place: string): Promise<string | undefined> {
    const folder = join(this.path, "stores", place, "trunks/app.trunk/objects");
    const store = await openBackend(new URL(`local://${this.path}/stores/${place}`));
    const state = await new Repository(scope(store, "trunks/app.trunk/")).read({ mirrors: false });
    for (const { name, pack } of state?.packs.values() ?? []) {
      if (name.kind !== "segment") continue;
      const digest = createHash("sha256")
        .update(readFileSync(join(folder, `${name.id}.pack`)))
        .digest("hex");
      if (digest !== pack.digest) throw new Error(`${place} has another ${name.id}.pack`);
    }
    return state?.refs.get("refs/heads/main")?.id;
  }

  /** What `main` is in a store, as a new clone of it sees it; git has looked at every object. */
  async main(place: string): Promise<string | undefined> {
    const { refs } = await checkedClone(this, this.placeUrl(place), `checked-${place}`);
    return refs.find((line) => line.endsWith(" refs/heads/main"))?.split(" ")[0];
  }
}
