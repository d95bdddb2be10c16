import { MemoryBackend } from "@trunks/core/memory";
import { encodeText } from "@trunks/repo";
import { afterAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../repo/test/seeded-random.ts";
import { Trunk } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";
import { RandomTree } from "./support/random-tree.ts";

const sandbox = new GitSandbox();
afterAll(() => sandbox.remove());

/** Set higher, the same test looks at more trees. */
const treeCount = Number(process.env.TRUNKS_RANDOM_TREES ?? 250);

let folderCount = 0;

describe("ids are git's", () => {
  test.each(["sha1", "sha256"] as const)(`for random trees, %s`, async (objects) => {
    await sandbox.git(["init", "-q", "--bare", `--object-format=${objects}`, objects]);
    await using trunk = await Trunk.openBackend(new MemoryBackend(), { create: objects });
    const random = new SeededRandom(7);
    const tree = new RandomTree(random);
    const lines: Uint8Array[] = [];
    const ids: string[] = [];
    for (let number = 1; number <= treeCount; number++) {
      for (let change = random.between(1, 6); change > 0; change--) await tree.change(trunk);
      const zone = random.between(-12 * 60, 14 * 60);
      const seconds = random.between(0, 4_000_000_000);
      const author = {
        name: "Ünï Çode",
        email: "a@example.org",
        date: new Date(seconds * 1000),
        timezoneMinutes: zone,
      };
      const message = `Commit ${number}\n\nWith a body: \u{1f600}\n`;
      ids.push((await trunk.commit({ message, author, committer: author, allowEmpty: true })).id);
      const size = encodeText(message).length;
      const who = `${author.name} <${author.email}> ${seconds} ${zoneText(zone)}`;
      const head = `commit refs/heads/main\nmark :${number}\nauthor ${who}\ncommitter ${who}\ndata ${size}\n${message}`;
      lines.push(encodeText(head), ...tree.importLines());
    }
    await sandbox.git(["fast-import", "--quiet", "--export-marks=marks"], {
      folder: objects,
      input: Buffer.concat(lines),
    });
    const list = await sandbox.git(["rev-list", "--reverse", "main"], { folder: objects });
    expect(ids).toEqual(list.split("\n"));
  });

  test.each([
    ["  leading and trailing  \n\n\n\nlines\t\n\n"],
    ["one line"],
    ["# not a comment, with -m\n"],
    ["\n\nempty lines at the top"],
    ["körper \u{1f600}\r\nwith returns\r\n"],
  ])("for the message %j", async (message) => {
    const folder = `message-${++folderCount}`;
    await sandbox.git(["init", "-q", folder]);
    sandbox.write(`${folder}/file`, "content");
    await sandbox.git(["add", "file"], { folder });
    const date = "1700000000 +0130";
    const environment = {
      GIT_AUTHOR_NAME: " .A <Writer>, Jr. ",
      GIT_AUTHOR_EMAIL: "<a@example.org>",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    await sandbox.git(["commit", "-q", "-m", message], { folder, environment });
    const when = { date: new Date(1_700_000_000_000), timezoneMinutes: 90 };
    await using trunk = await Trunk.openBackend(new MemoryBackend(), { create: true });
    await trunk.write("file", "content");
    const commit = await trunk.commit({
      message,
      author: { name: environment.GIT_AUTHOR_NAME, email: environment.GIT_AUTHOR_EMAIL, ...when },
      committer: { name: "A Writer", email: "writer@example.org", ...when },
    });
    expect(commit.id).toBe(await sandbox.git(["rev-parse", "HEAD"], { folder }));
  });
});

function zoneText(minutes: number): string {
  const positive = Math.abs(minutes);
  const digits = Math.floor(positive / 60) * 100 + (positive % 60);
  return `${minutes < 0 ? "-" : "+"}${String(digits).padStart(4, "0")}`;
}
