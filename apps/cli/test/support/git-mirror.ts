import { join } from "node:path";
import type { Ending } from "./ending.ts";
import { MirroredSandbox } from "./mirrored-sandbox.ts";
import { commit } from "./repository.ts";

/** A sandbox whose trunk has a mirror `hub`: the bare repository `hub.git`, reached as a folder. */
export class GitMirrorSandbox extends MirroredSandbox {
  get hubUrl(): string {
    return `file://${join(this.path, "hub.git")}`;
  }

  /** Makes trunk and mirror. What lies in the mirror before is the caller's. */
  async beginWithHub(mode: "strict" | "lagging" = "strict"): Promise<void> {
    await this.begin({});
    if (!this.exists("hub.git")) await this.git(["init", "-q", "--bare", "hub.git"]);
    await this.addHub(mode);
  }

  addHub(mode: "strict" | "lagging" = "strict", url = this.hubUrl, ...options: string[]): Promise<string> {
    return this.trunks("storage", "add", "hub", "--backend", "git", "--url", url, `--mirror=${mode}`, ...options);
  }

  /** Branches and tags, `id name`: of the mirror, and of the trunk. */
  async refsOf(url = this.hubUrl): Promise<string[]> {
    const lines = await this.git(["ls-remote", "--heads", "--tags", "--refs", url]);
    return lines === "" ? [] : lines.split("\n").map((line) => line.replace("\t", " "));
  }

  trunkRefs(): Promise<string[]> {
    return this.refsOf(this.placeUrl("primary"));
  }

  /** Somebody pushes to the mirror itself; answers the commit. */
  async commitAtHub(message: string, branch = "main"): Promise<string> {
    this.discardIfThere("theirs");
    await this.git(["clone", "-q", "-b", branch, this.hubUrl, "theirs"]);
    const id = await commit(this, "theirs", message);
    await this.git(["push", "-q", "origin", branch], { folder: "theirs" });
    return id;
  }

  /** Makes a commit in `work`, and pushes its branch. */
  async pushCommit(message: string): Promise<Ending> {
    await commit(this, "work", message);
    return this.push();
  }

  discardIfThere(path: string): void {
    if (this.exists(path)) this.discard(path);
  }
}
