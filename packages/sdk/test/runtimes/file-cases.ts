import type { RuntimeCase } from "@trunks/test-runtimes/suite";
import { Trunk } from "../../src/index.ts";
import { check, checkEqual, checkRefused } from "./check.ts";
import { author, type CaseContext, noise, sameBytes } from "./context.ts";

const large = 3 * 2 ** 20;

export const fileCases: readonly RuntimeCase<CaseContext>[] = [
  {
    name: "files are written, pushed, and read by another: text, bytes, a range, a stream",
    async run({ client }) {
      await using writer = await Trunk.openBackend(await client(), { create: true, author });
      await writer.write("README.md", "# Größe\n");
      await writer.write("bin/run", "#!/bin/sh\n", { type: "executable" });
      await writer.write("latest", "README.md", { type: "symlink" });
      await writer.commit({ message: "first" });
      await writer.push();
      await using reader = await Trunk.openBackend(await client());
      checkEqual(await reader.read("README.md"), "# Größe\n", "the text");
      checkEqual(await reader.read("README.md", { range: { start: 0, end: 4 } }), "# Gr", "a range");
      checkEqual(await reader.read("latest"), "README.md", "a link");
      checkEqual(await reader.read("absent"), undefined, "what is not there");
      const streamed: number[] = [];
      for await (const piece of (await reader.readStream("bin/run")) ?? []) streamed.push(...piece);
      checkEqual(new TextDecoder().decode(Uint8Array.from(streamed)), "#!/bin/sh\n", "a stream");
      const { data } = await reader.list("", { recursive: true });
      checkEqual(
        data.map(({ path, type, mode }) => [path, type, mode]),
        [
          ["README.md", "file", "100644"],
          ["bin/run", "file", "100755"],
          ["latest", "symlink", "120000"],
        ],
        "the list",
      );
      checkEqual(
        (await reader.list("", { glob: "**/r*" })).data.map(({ path }) => path),
        ["bin/run"],
        "a glob",
      );
    },
  },
  {
    name: "a content of some megabytes is staged, packed and read back, whole and by range",
    async run({ client }) {
      const bytes = noise(large);
      await using writer = await Trunk.openBackend(await client(), { create: true, author });
      await writer.write("large", bytes);
      await writer.write(
        "streamed",
        (async function* () {
          for (let start = 0; start < large; start += 100_000) yield bytes.subarray(start, start + 100_000);
        })(),
      );
      check(sameBytes(await writer.readBytes("streamed"), bytes), "what is staged is not what was written");
      await writer.write("repeated", "the same line again\n".repeat(200_000));
      await writer.commit({ message: "large" });
      await writer.push();
      await using reader = await Trunk.openBackend(await client());
      check(sameBytes(await reader.readBytes("large"), bytes), "what is read is not what was written");
      const part = await reader.readBytes("streamed", { range: { start: 1_000_000, end: 1_000_100 } });
      check(sameBytes(part, bytes.subarray(1_000_000, 1_000_100)), "the range is not that of what was written");
      checkEqual((await reader.read("repeated"))?.length, 4_000_000, "the length of what deflates well");
    },
  },
  {
    name: "many files come back, each with its own content",
    async run({ client }) {
      await using writer = await Trunk.openBackend(await client(), { create: true, author });
      const paths = Array.from({ length: 300 }, (_, number) => `folder-${number % 7}/file-${number}`).sort();
      for (const path of paths) await writer.write(path, `content of ${path}\n`);
      await writer.commit({ message: "many" });
      await writer.push();
      await using reader = await Trunk.openBackend(await client());
      const found: string[] = [];
      for await (const { path, bytes } of reader.readFiles("", { recursive: true })) {
        checkEqual(new TextDecoder().decode(bytes), `content of ${path}\n`, path);
        found.push(path);
      }
      checkEqual(found.sort(), paths, "the paths");
    },
  },
  {
    name: "files are copied, moved and removed; what is no path is refused",
    async run({ client }) {
      await using trunk = await Trunk.openBackend(await client(), { create: true, author });
      await trunk.write("src/a", "a\n");
      await trunk.copy("src", "copy");
      await trunk.move("src/a", "moved");
      await trunk.remove("copy", { recursive: true });
      checkEqual(
        (await trunk.list("", { recursive: true })).data.map(({ path }) => path),
        ["moved"],
        "what is left",
      );
      for (const path of ["../a", ".git/config", "a//b", ".GIT/x"]) {
        await checkRefused(trunk.write(path, ""), "INVALID_ARGUMENT", path);
      }
    },
  },
  {
    name: "the trunk is a bare repository for isomorphic-git: objects are read and written",
    async run({ client }) {
      await using trunk = await Trunk.openBackend(await client(), { create: true, author });
      const id = await trunk.write("a", "hello\n");
      const { fs } = trunk.isomorphicGit();
      const path = (id: string) => `/trunk.git/objects/${id.slice(0, 2)}/${id.slice(2)}`;
      const loose = (await fs.promises.readFile(path(id))) as Uint8Array;
      // Written under the same name, it must be the same object.
      await fs.promises.writeFile(path(id), loose);
      await checkRefused(fs.promises.writeFile(path("0".repeat(40)), loose), "INVALID_ARGUMENT", "another's name");
      await checkRefused(fs.promises.writeFile(path(id), loose.slice(0, -5)), "INVALID_ARGUMENT", "half an object");
    },
  },
];
