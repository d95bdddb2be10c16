import {
  decodeText,
  type ObjectReader,
  type ObjectReaderOptions,
  type Repository,
  type State,
  sortedRefs,
  type TrunkObjectsOptions,
} from "@trunks/repo";
import { cachedObjects } from "./cached-objects.ts";
import { parseFetchRequest } from "./fetch-request.ts";
import { gitStream } from "./git.ts";
import type { Input } from "./input.ts";
import type { LocalRepository } from "./local-repository.ts";
import type { HelperOptions } from "./options.ts";
import { dataPacket, encodePacket, flushPacket, type Packet, readPacket, responseEndPacket } from "./packet-line.ts";
import { PartialFetch, scattered, writePack } from "./partial-fetch.ts";
import { SpooledRanges } from "./spooled-ranges.ts";
import { TemporaryRepository } from "./temporary-repository.ts";
import { packOfObjects } from "./wanted-objects.ts";

export interface UploadPackContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly options: HelperOptions;
  readonly input: Input;
  write(bytes: Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
}

/** A request of protocol version 2, as it came. */
interface Request {
  readonly packets: readonly Packet[];
  readonly lines: readonly string[];
}

/** What answers are made from. */
interface Parts {
  /** The trunk's objects, by range. */
  readonly objects: ObjectReader;
  readonly fetch: PartialFetch;
  /** All of it, for stock git. */
  readonly whole: TemporaryRepository;
}

/**
 * Speaks Git's protocol version 2 in place of a server. Refs are answered from the trunk's state; shallow and filtered
 * fetches, and single objects that a partial clone misses, from what is read of the trunk by range. The few kinds of request
 * that are not understood here are left to stock `git upload-pack` on a temporary repository that holds all of the trunk's
 * packs. Source: gitprotocol-v2.
 */
export async function serveUploadPack(context: UploadPackContext): Promise<void> {
  const state = await context.repository.readExisting({ signal: context.signal });
  const whole = new TemporaryRepository(context, state);
  const { repository, local, signal, write } = context;
  const ranges = new SpooledRanges(() => local.ownFolder("tmp"));
  const indexes: TrunkObjectsOptions["indexes"] = new Map();
  const open = (settings: ObjectReaderOptions) =>
    cachedObjects(repository, local, state, { ...settings, indexes }, ranges);
  const objects = open(scattered);
  const parts = { whole, objects, fetch: new PartialFetch(state, { open, objects, write, local, signal }) };
  try {
    await context.write(advertisement(state));
    for (
      let request = await readRequest(context.input);
      request !== undefined;
      request = await readRequest(context.input)
    ) {
      await answer(request, state, parts, context);
      await context.write(responseEndPacket);
    }
  } finally {
    await Promise.all([whole.remove(), ranges.remove()]);
  }
}

function advertisement(state: State): Uint8Array {
  const lines = [
    "version 2",
    "agent=trunks",
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter",
    "server-option",
    `object-format=${state.objects}`,
  ];
  return Buffer.concat([...lines.map((line) => dataPacket(`${line}\n`)), flushPacket]);
}

async function readRequest(input: Input): Promise<Request | undefined> {
  const packets: Packet[] = [];
  for (let packet = await readPacket(input); packet !== undefined; packet = await readPacket(input)) {
    packets.push(packet);
    if (packet.kind !== "flush") continue;
    const lines = packets.flatMap((item) => (item.kind === "data" ? decodeText(item.data).replace(/\n$/, "") : []));
    return { packets, lines };
  }
  return undefined;
}

async function answer(request: Request, state: State, parts: Parts, context: UploadPackContext): Promise<void> {
  if (request.lines[0] === "command=ls-refs") return context.write(refsAnswer(request.lines, state));
  const wanted = wantedObjects(request.lines, state);
  const pack = wanted && (await packOfObjects(wanted, state, parts.objects, context));
  if (pack !== undefined) return writePack(pack, context.write);
  const fetch = parseFetchRequest(request.lines);
  if (fetch !== undefined && (await parts.fetch.answer(fetch))) return;
  const args = [
    "-c",
    "uploadpack.allowFilter=true",
    "-c",
    "uploadpack.allowAnySHA1InWant=true",
    "upload-pack",
    "--stateless-rpc",
    await parts.whole.folder(),
  ];
  const input = Buffer.concat(request.packets.map(encodePacket));
  const output = gitStream(args, {
    input,
    environment: { GIT_PROTOCOL: "version=2" },
    foreignRepository: true,
    signal: context.signal,
  });
  for await (const chunk of output) await context.write(chunk);
}

function refsAnswer(lines: readonly string[], state: State): Uint8Array {
  const words = new Set(lines);
  const prefixes = lines
    .filter((line) => line.startsWith("ref-prefix "))
    .map((line) => line.slice("ref-prefix ".length));
  const asked = (name: string) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const packets: Uint8Array[] = [];
  const head = state.refs.get(state.head);
  const symref = words.has("symrefs") || words.has("unborn") ? ` symref-target:${state.head}` : "";
  if (asked("HEAD") && head !== undefined) packets.push(dataPacket(`${head.id} HEAD${symref}\n`));
  else if (asked("HEAD") && words.has("unborn")) packets.push(dataPacket(`unborn HEAD${symref}\n`));
  for (const [name, ref] of sortedRefs(state)) {
    if (!asked(name)) continue;
    const peeled = words.has("peel") && ref.peeledId !== undefined ? ` peeled:${ref.peeledId}` : "";
    packets.push(dataPacket(`${ref.id} ${name}${peeled}\n`));
  }
  return Buffer.concat([...packets, flushPacket]);
}

/**
 * The wanted ids when a partial clone asks for objects that it misses: nothing to negotiate, and none of them is a ref. To
 * send just these is right, because what else is missing will be asked for in the same way.
 */
function wantedObjects(lines: readonly string[], state: State): string[] | undefined {
  const negotiates = lines.some((line) => /^(have|shallow|deepen)/.test(line));
  if (negotiates || !lines.includes("done") || !lines.includes("filter blob:none")) return undefined;
  const tips = new Set([...state.refs.values()].map(({ id }) => id));
  const wants = lines.filter((line) => line.startsWith("want ")).map((line) => line.slice("want ".length));
  return wants.some((id) => tips.has(id)) ? undefined : wants;
}
