import { expect, test } from "vitest";
import { type ConfigTarget, evaluateConfig, parseConfig } from "../src/ssh-config.ts";

const target: ConfigTarget = { host: "files", user: undefined, localUser: "me" };

/** The first argument of each keyword. */
function evaluate(text: string, changes: Partial<ConfigTarget> = {}, files: Record<string, string> = {}) {
  const include = (name: string) => parseConfig(files[name] ?? "");
  const settings = evaluateConfig([parseConfig(text)], { ...target, ...changes }, include);
  return Object.fromEntries([...settings].map(([keyword, lines]) => [keyword, lines[0]?.[0]]));
}

test("lines may have an equals sign, quotes, comments and any case", () => {
  const text =
    'PORT=22\n  user = me\r\n# Host x\nIdentityFile "~/a b" # work\nUserKnownHostsFile a "b c" d\n\nbroken\n';
  expect(parseConfig(text)).toEqual([
    { keyword: "port", arguments: ["22"] },
    { keyword: "user", arguments: ["me"] },
    { keyword: "identityfile", arguments: ["~/a b"] },
    { keyword: "userknownhostsfile", arguments: ["a", "b c", "d"] },
  ]);
});

test("the first line counts, before any Host and in each that fits", () => {
  const text = "User first\nHost other f*\n  Port 1\nHost files\n  Port 2\n  User second\n  HostName h\n";
  expect(evaluate(text)).toEqual({ user: "first", port: "1", hostname: "h" });
  expect(evaluate(text, { host: "x" })).toEqual({ user: "first" });
});

test("a Host line with an exclamation mark leaves hosts out", () => {
  const text = "Host * !files\n  Port 1\nHost !other\n  Port 2\nHost *\n  Port 3\n";
  expect(evaluate(text)).toEqual({ port: "3" });
  expect(evaluate(text, { host: "x" })).toEqual({ port: "1" });
});

test("Match knows hosts and users", () => {
  expect(evaluate("Match all\nPort 1")).toEqual({ port: "1" });
  expect(evaluate("Match host h.example\nPort 1")).toEqual({});
  expect(evaluate("HostName h.example\nMatch host *.example\nPort 1")).toMatchObject({ port: "1" });
  expect(evaluate("HostName %h.example\nMatch host files.example\nPort 1")).toMatchObject({ port: "1" });
  expect(evaluate("HostName h.example\nMatch originalhost x,files\nPort 1")).toMatchObject({ port: "1" });
  expect(evaluate("Match user root\nPort 1", { user: "root" })).toEqual({ port: "1" });
  expect(evaluate("Match !user root\nPort 1", { user: "root" })).toEqual({});
  expect(evaluate("Match localuser me host files\nPort 1")).toEqual({ port: "1" });
  expect(evaluate("Match host files user other\nPort 1")).toEqual({});
});

test("a Match that would run something, or that is not known, never matches", () => {
  for (const criterion of ["exec true", "!exec false", "final", "canonical", "host", "tagged x", "localnetwork ::/0"]) {
    expect(evaluate(`Match ${criterion}\nPort 1`), criterion).toEqual({});
  }
});

test("Include takes its place, and a Host in it ends with it", () => {
  const files = { more: "Port 1\nHost other\nUser x\n" };
  expect(evaluate("Include more\nUser me\nPort 2\n", {}, files)).toEqual({ port: "1", user: "me" });
  expect(evaluate("Host other\nInclude more\nHost *\nPort 2", {}, files)).toEqual({ port: "2" });
  expect(evaluate("Include loop\nPort 1", {}, { loop: "Include loop\nUser me" })).toEqual({ port: "1", user: "me" });
});
