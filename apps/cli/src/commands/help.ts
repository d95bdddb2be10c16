import { UsageError } from "../arguments.ts";
import { type CatalogEntry, type Command, exitStatus } from "../command.ts";
import { commandHelp, overview, urlHelp } from "../terminal/help.ts";

export const command: Command = {
  usage: ["", "COMMAND", "urls", "schema"],
  words: { least: 0, most: 2 },
  async run({ arguments: { words }, output, catalog }) {
    const lines = await explain(words.join(" "), catalog);
    output.answer({ object: "help", text: lines.join("\n") }, lines);
    return exitStatus.ok;
  },
};

async function explain(topic: string, catalog: readonly CatalogEntry[]): Promise<readonly string[]> {
  if (topic === "") return overview(catalog);
  if (topic === "urls") return urlHelp;
  if (topic === "schema") {
    const { default: schema } = await import("@trunks/sdk/schema.json", { with: { type: "json" } });
    return JSON.stringify(schema, undefined, 2).split("\n");
  }
  const entry = catalog.find(({ name }) => name === topic);
  if (entry !== undefined) return commandHelp(entry, (await entry.load()).command);
  const group = catalog.filter(({ name }) => name.startsWith(`${topic} `));
  if (group.length === 0) throw new UsageError(`there is no help on ${topic}`, "`trunks help` lists what there is");
  const helps = await Promise.all(group.map(async (each) => commandHelp(each, (await each.load()).command)));
  return helps.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}
