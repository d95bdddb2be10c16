import type { DatedField } from "./dated-lines.ts";
import { type PackName, packNameText, readPackName } from "./pack-name.ts";
import type { Verdict } from "./state.ts";

const id = "[0-9a-f]{32}";

export const retiredField: DatedField<{ readonly name: PackName; readonly slot: number }> = {
  field: "retired",
  plain: `record (?:0|[1-9][0-9]{0,14})|(?:segment|container|intent) ${id}`,
  read: (rest, slot, reader) => [rest, { name: readPackName(rest, reader), slot }],
  line: (_, { name, slot }) => `retired ${slot} ${packNameText(name)}`,
};

export const verdictField: DatedField<Verdict> = {
  field: "verdict",
  plain: `${id} (?:[ascx]+|r)`,
  keyLength: 32,
  read(rest, slot, reader) {
    const space = rest.indexOf(" ");
    const letters = rest.slice(space + 1);
    if (letters !== "a" && !/^([ascx]+|r)$/.test(letters)) reader.fail("a verdict has other letters than its own");
    return [reader.id(rest.slice(0, space)), { slot, letters }];
  },
  line: (id, { slot, letters }) => `verdict ${slot} ${id} ${letters}`,
};

export const doomField: DatedField<number> = {
  field: "doom",
  plain: "[a-z]+/[0-9a-f]{1,32}(?:\\.pack|\\.idx)?",
  read: (rest, slot, reader) => [reader.storeKey(rest), slot],
  line: (key, slot) => `doom ${slot} ${key}`,
};
