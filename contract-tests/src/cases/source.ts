import { type Backend, type Body, type ErrorCode, type RequestOptions, type Source, TrunksError } from "@trunks/core";
import type { ContractCase, ContractContext } from "../case.ts";
import { check, checkRefused } from "../check.ts";
import { checkListed } from "../listing.ts";
import { patternBytes, patternSource } from "../pattern.ts";
import { checkAbsent, checkStored, read } from "../transfer.ts";

/** More than stores and their clients buffer, and than one part of an upload in parts. */
const size = 12 * 2 ** 20;

type Write = (key: string, body: Body, options?: RequestOptions) => Promise<unknown>;

function writes(backend: Backend): readonly (readonly [string, Write])[] {
  return [
    ["create", (key, body, options) => backend.create(key, body, options)],
    ["put", (key, body, options) => backend.put(key, body, options)],
  ];
}

/** A source of `declared` bytes that follows the pattern until `change` takes over at that offset. */
function brokenSource(declared: number, offset: number, change: () => Uint8Array | undefined): Source {
  return {
    size: declared,
    async *read(start, end) {
      const good = patternSource(5, declared);
      if (start > offset || end <= offset) return yield* good.read(start, end);
      yield* good.read(start, offset);
      const inserted = change();
      if (inserted === undefined) return;
      yield inserted;
      yield* good.read(offset, end);
    },
  };
}

/** Both kinds of write must be refused with one of `codes`, show nothing, and leave the key free. */
async function checkBroken(context: ContractContext, source: () => Source, codes: readonly ErrorCode[]): Promise<void> {
  const { backend, prefix } = context;
  for (const [name, write] of writes(backend)) {
    const key = `${prefix}${name}`;
    await checkRefused(() => write(key, source()), codes, name);
    await checkAbsent(backend, key);
    await checkListed(context, prefix, []);
    await write(key, patternBytes(6, 100));
    await checkStored(backend, key, patternBytes(6, 100));
    await backend.delete([key]);
  }
}

const firstAndMiddle = [1000, size / 2, size - 1];

export const sourceCases: readonly ContractCase[] = [
  {
    id: "source/chunks",
    proves: "a source may yield chunks of any size, empty ones too",
    async run({ backend, prefix }) {
      const chunks = [0, 1, 70_000, 0, 0, 65_536, 3, 200_000, 0];
      const total = chunks.reduce((sum, chunk) => sum + chunk, 0);
      const source: Source = {
        size: total,
        async *read(start, end) {
          let offset = 0;
          for (const chunk of chunks) {
            const [from, to] = [Math.max(start, offset), Math.min(end, offset + chunk)];
            yield patternBytes(5, Math.max(from, to), from);
            offset += chunk;
          }
        },
      };
      for (const [name, write] of writes(backend)) {
        await write(`${prefix}${name}`, source);
        await checkStored(backend, `${prefix}${name}`, patternBytes(5, total));
        await write(`${prefix}${name}-empty`, patternSource(5, 0));
        await checkStored(backend, `${prefix}${name}-empty`, new Uint8Array(0));
      }
    },
  },
  {
    id: "source/throws",
    proves: "a source that throws fails the write with its own error and leaves nothing visible",
    async run(context) {
      for (const offset of firstAndMiddle) {
        const fail = () => {
          throw new TrunksError("CORRUPT", "the source is broken");
        };
        await checkBroken(context, () => brokenSource(size, offset, fail), ["CORRUPT"]);
      }
    },
  },
  {
    id: "source/too-few",
    proves: "a source that ends early fails the write and leaves nothing visible",
    async run(context) {
      for (const offset of firstAndMiddle) {
        await checkBroken(context, () => brokenSource(size, offset, () => undefined), ["INVALID_ARGUMENT"]);
      }
    },
  },
  {
    id: "source/too-many",
    proves: "a source that goes on too long fails the write and leaves nothing visible",
    async run(context) {
      for (const offset of firstAndMiddle) {
        await checkBroken(context, () => brokenSource(size, offset, () => new Uint8Array(1)), ["INVALID_ARGUMENT"]);
      }
      for (const small of [0, 100]) {
        const source: Source = { size: small, read: () => patternSource(5, small + 1).read(0, small + 1) };
        await checkBroken(context, () => source, ["INVALID_ARGUMENT"]);
      }
    },
  },
  {
    id: "source/aborted",
    proves: "a write aborted halfway is refused with ABORTED and leaves nothing visible or everything",
    async run({ backend, prefix }) {
      for (const [name, write] of writes(backend)) {
        const key = `${prefix}${name}`;
        const controller = new AbortController();
        const source = brokenSource(size, size / 2, () => {
          controller.abort();
          return new Uint8Array(0);
        });
        await checkRefused(() => write(key, source, { signal: controller.signal }), ["ABORTED"], name);
        const left = await read(backend, key);
        check(left === undefined || left.length === size, `an aborted ${name} left ${left?.length} of ${size} bytes`);
      }
    },
  },
];
