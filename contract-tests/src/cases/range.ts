import type { ByteRange } from "@trunks/core";
import type { ContractCase } from "../case.ts";
import { check, checkBytes, checkEqual, checkRefused } from "../check.ts";
import { patternBytes } from "../pattern.ts";

const size = 100_000;

interface RangeExample {
  readonly name: string;
  readonly proves: string;
  readonly ranges: readonly (readonly [range: ByteRange, start: number, end: number])[];
  /** Size in bytes of the body under the key. */
  readonly size?: number;
}

const examples: readonly RangeExample[] = [
  {
    name: "middle",
    proves: "a range answers its bytes, its size, and the size of the whole",
    ranges: [
      [{ start: 0, end: 1 }, 0, 1],
      [{ start: 10, end: 70_000 }, 10, 70_000],
      [{ start: size - 1, end: size }, size - 1, size],
    ],
  },
  {
    name: "open-end",
    proves: "a range without an end goes to the last byte",
    ranges: [
      [{ start: 99_000 }, 99_000, size],
      [{ start: 0 }, 0, size],
    ],
  },
  {
    name: "suffix",
    proves: "a suffix answers the last bytes, and the whole body when it is shorter",
    ranges: [
      [{ suffix: 20 }, size - 20, size],
      [{ suffix: size }, 0, size],
      [{ suffix: size + 1 }, 0, size],
    ],
  },
  {
    name: "past-end",
    proves: "what lies past the end of the body is left out",
    ranges: [
      [{ start: 99_990, end: size + 10 }, 99_990, size],
      [{ start: 0, end: 10 * size }, 0, size],
    ],
  },
  {
    name: "beyond",
    proves: "a range that begins behind the last byte answers no bytes",
    ranges: [
      [{ start: size }, size, size],
      [{ start: size + 1 }, size, size],
      [{ start: size + 5, end: size + 9 }, size, size],
    ],
  },
  {
    name: "empty",
    proves: "a range of no bytes answers none",
    ranges: [
      [{ start: 5, end: 5 }, 5, 5],
      [{ start: 0, end: 0 }, 0, 0],
      [{ suffix: 0 }, size, size],
    ],
  },
  {
    name: "empty-body",
    proves: "every range of a body of no bytes answers none",
    size: 0,
    ranges: [
      [{ start: 0 }, 0, 0],
      [{ start: 0, end: 10 }, 0, 0],
      [{ start: 3, end: 4 }, 0, 0],
      [{ suffix: 10 }, 0, 0],
    ],
  },
];

const exampleCases = examples.map(
  (example): ContractCase => ({
    id: `range/${example.name}`,
    proves: example.proves,
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      const totalSize = example.size ?? size;
      await backend.create(key, patternBytes(2, totalSize));
      for (const [range, start, end] of example.ranges) {
        const what = JSON.stringify(range);
        const content = await backend.get(key, { range });
        check(content !== undefined, `${what} of a body that is there answered undefined`);
        checkEqual([content.size, content.totalSize], [end - start, totalSize], `size and totalSize of ${what}`);
        checkBytes(await content.bytes(), patternBytes(2, end, start), what);
      }
    },
  }),
);

export const rangeCases: readonly ContractCase[] = [
  ...exampleCases,
  {
    id: "range/absent",
    proves: "a range of an absent key answers undefined",
    async run({ backend, prefix }) {
      for (const range of [{ start: 0, end: 10 }, { start: 5 }, { suffix: 5 }]) {
        const content = await backend.get(`${prefix}key`, { range });
        check(content === undefined, `${JSON.stringify(range)} of an absent key did not answer undefined`);
      }
    },
  },
  {
    id: "range/invalid",
    proves: "what is no range is refused",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await backend.create(key, patternBytes(2, 100));
      const ranges = [
        { start: 9, end: 3 },
        { start: -1 },
        { start: 0.5 },
        { start: 0, end: Number.NaN },
        { suffix: -2 },
      ];
      for (const range of ranges) {
        await checkRefused(() => backend.get(key, { range }), ["INVALID_ARGUMENT"], JSON.stringify(range));
      }
    },
  },
];
