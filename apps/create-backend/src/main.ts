#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isTrunksError } from "@trunks/core";
import { createBackend } from "./create-backend.ts";

const usage = `usage: create-backend NAME [FOLDER]

Makes the package trunks-backend-NAME, which opens NAME:// URLs, in FOLDER (by default trunks-backend-NAME here): its
methods are stand-ins in memory, and its first test is the contract.
`;

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
  readonly version: string;
};
const [name, folder = `trunks-backend-${name}`, ...more] = process.argv.slice(2);
if (name === "--version") {
  process.stdout.write(`${version}\n`);
} else if (name === undefined || name.startsWith("-") || more.length > 0) {
  process.stderr.write(usage);
  process.exitCode = name === "--help" ? 0 : 2;
} else {
  // A package's script runs in its package's folder; the user means where they stand.
  const target = resolve(process.env.INIT_CWD ?? ".", folder);
  try {
    createBackend({ name, folder: target, version });
    process.stdout.write(`made ${target}; in it: npm install, npm test\n`);
  } catch (error) {
    if (!isTrunksError(error)) throw error;
    process.stderr.write(`create-backend: ${error.message}\n`);
    process.exitCode = 1;
  }
}
