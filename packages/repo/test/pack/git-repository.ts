import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { PackIndex } from "../../src/pack/pack-index.ts";
import { memoryPackSource, type PackSource } from "../../src/pack/pack-source.ts";
import { SeededRandom } from "./seeded-random.ts";

/** What stock git says of an object. */
export interface ExpectedObject {
  readonly type: string;
  readonly data: Uint8Array;
}

export interface StoredPack {
  readonly bytes: Uint8Array;
  readonly indexBytes: Uint8Array;
}

/** A bare repository of stock git in a temporary folder. */
export class GitRepository {
  readonly format: ObjectFormat;
  readonly path: string;

  constructor(format: ObjectFormat) {
    this.format = format;
    this.path = mkdtempSync(join(tmpdir(), "trunks-pack-"));
    this.git(["init", "-q", "--bare", `--object-format=${format}`, "."]);
  }

  /** Runs git and answers what it prints; throws when it fails. */
  git(args: readonly string[], input?: Uint8Array | string): Buffer {
    const env = {
      PATH: process.env.PATH,
      HOME: this.path,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_AUTHOR_DATE: "1700000000 +0000",
      GIT_COMMITTER_NAME: "C",
      GIT_COMMITTER_EMAIL: "c@example.com",
      GIT_COMMITTER_DATE: "1700000000 +0000",
    };
    return execFileSync("git", [...args], {
      cwd: this.path,
      env,
      input: input ?? "",
      maxBuffer: 2 ** 30,
      stdio: "pipe",
    });
  }

  text(args: readonly string[], input?: Uint8Array | string): string {
    return this.git(args, input).toString().trim();
  }

  /** All objects, as `git cat-file` prints them. */
  objects(ids?: readonly string[]): Map<string, ExpectedObject> {
    const selection = ids === undefined ? ["--batch-all-objects", "--unordered"] : [];
    const output = this.git(["cat-file", "--batch", ...selection], ids?.map((id) => `${id}\n`).join(""));
    const objects = new Map<string, ExpectedObject>();
    for (let offset = 0; offset < output.length; ) {
      const end = output.indexOf("\n", offset);
      const [id = "", type = "", size = ""] = output.toString("latin1", offset, end).split(" ");
      objects.set(id, { type, data: new Uint8Array(output.subarray(end + 1, end + 1 + Number(size))) });
      offset = end + 1 + Number(size) + 1;
    }
    return objects;
  }

  /** The paths of the packs, without `.pack` and `.idx`. */
  packPaths(): string[] {
    const folder = join(this.path, "objects/pack");
    const names = readdirSync(folder).filter((name) => name.endsWith(".idx"));
    return names.sort().map((name) => join(folder, name.slice(0, -".idx".length)));
  }

  packs(): StoredPack[] {
    return this.packPaths().map((path) => ({
      bytes: new Uint8Array(readFileSync(`${path}.pack`)),
      indexBytes: new Uint8Array(readFileSync(`${path}.idx`)),
    }));
  }

  sources(): PackSource[] {
    return this.packs().map((pack, index) => packSource(this.format, `pack ${index}`, pack));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function packSource(format: ObjectFormat, name: string, { bytes, indexBytes }: StoredPack): PackSource {
  return memoryPackSource(name, bytes, new PackIndex(format, indexBytes, bytes.length));
}

const fileCount = 12;

/**
 * Fills a repository: a history with merges, files that change a little in each commit, deep folders, symbolic links, odd
 * names, an empty file, bytes that do not deflate, and tags of commits, blobs and tags.
 */
export function fillRepository(repository: GitRepository, seed: number, commitCount = 60): void {
  const random = new SeededRandom(seed);
  const files = Array.from({ length: fileCount }, () => random.text(40 + random.below(300)).split("\n"));
  const stream: (string | Uint8Array)[] = [];
  const data = (bytes: Uint8Array | string) => stream.push(`data ${Buffer.byteLength(bytes)}\n`, bytes, "\n");
  for (let commit = 1; commit <= commitCount; commit++) {
    const branch = commit % 7 === 3 ? "side" : "main";
    stream.push(
      `commit refs/heads/${branch}\nmark :${commit}\ncommitter C <c@example.com> ${1_700_000_000 + commit} +0200\n`,
    );
    data(`Commit ${commit}\n\n${random.text(random.below(4))}`);
    if (commit % 7 === 3) stream.push(`from :${commit - 1}\n`);
    if (commit % 7 === 6) stream.push(`merge refs/heads/side\n`);
    for (let change = 0; change < 3; change++) {
      const file = random.below(fileCount);
      const lines = files[file] as string[];
      for (let edit = 0; edit < 4; edit++)
        lines.splice(random.below(lines.length), random.below(3), random.text(1).trim());
      stream.push(`M 100644 inline folder-${file % 4}/deep/file-${file}.txt\n`);
      data(lines.join("\n"));
    }
    if (commit === 1) addOddFiles(random, stream, data);
  }
  stream.push(`tag v1\nfrom :${commitCount}\ntagger T <t@example.com> 1700000000 +0000\n`);
  data("A tag\n");
  repository.git(["fast-import", "--quiet"], Buffer.concat(stream.map((part) => Buffer.from(part))));
  repository.git(["tag", "-a", "-m", "of a tag", "v2", "v1"]);
  repository.git(["tag", "-a", "-m", "of a blob", "v3", "main:folder-1/deep/file-1.txt"]);
  const emptyTree = repository.text(["hash-object", "-w", "-t", "tree", "--stdin"]);
  const empty = repository.text(["commit-tree", "-m", "nothing", emptyTree]);
  repository.git(["update-ref", "refs/heads/empty", empty]);
}

function addOddFiles(
  random: SeededRandom,
  stream: (string | Uint8Array)[],
  data: (bytes: Uint8Array | string) => void,
): void {
  const files: [string, Uint8Array | string][] = [
    ["100644 inline empty", ""],
    ["100755 inline folder-0/run.sh", "#!/bin/sh\n"],
    ["120000 inline link", "folder-0/run.sh"],
    ['100644 inline "n\\303\\244me \\377 odd"', "odd\n"],
    ["100644 inline large.bin", random.bytes(1_500_000)],
    ["100644 inline zeros.bin", new Uint8Array(3_000_000)],
  ];
  for (const [head, bytes] of files) {
    stream.push(`M ${head}\n`);
    data(bytes);
  }
}
