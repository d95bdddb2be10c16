/**
 * Makes a fresh clone work with one command: brings the pinned Node and pnpm into `.toolchain/`, installs what the
 * lockfile names, then does what was asked. Runs under Node 20, which is why it is plain JavaScript and imports nothing
 * that has to be installed. Speaks on standard error only; standard output belongs to the command.
 *
 *     node scripts/setup.mjs start [ARG…]     the demo, or `trunks ARG…` from this clone
 *     node scripts/setup.mjs test             every suite; the last line says how many passed and failed
 *     node scripts/setup.mjs simulate [ARG…] histories of a trunk under faults: packages/repo/test/simulation
 *     node scripts/setup.mjs run SCRIPT …     a script of package.json, with that toolchain
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, ".toolchain");
const stampFile = join(toolchain, "stamp.json");
const nodeVersion = read(".node-version").trim();
const pnpmVersion = JSON.parse(read("package.json")).packageManager.split("@")[1];
/** What the newest of the tools asks of Node. */
const [leastMajor, leastMinor] = [22, 18];

const [command, ...args] = process.argv.slice(2);
const environment = {
  ...process.env,
  PATH: [join(toolchain, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
};

switch (command) {
  case "start":
    install();
    start();
    break;
  case "test":
    install();
    test();
    break;
  case "simulate":
    install();
    must("pnpm", ["--silent", "-C", "packages/repo", "run", "simulate", ...args]);
    break;
  case "run":
    install();
    must("pnpm", ["--silent", "run", ...args]);
    break;
  default:
    stop("usage: node scripts/setup.mjs start [ARG…] | test | simulate [ARG…] | run SCRIPT …", 2);
}

/** The toolchain and the dependencies, each only when what it is made from has changed. */
function install() {
  const tools = { ...(nodeIsNewEnough() ? {} : { node: nodeVersion }), pnpm: pnpmVersion };
  const dependencies = digest(["pnpm-lock.yaml", "pnpm-workspace.yaml"]);
  const done = readStamp();
  if (Object.entries(tools).some(([name, version]) => done.tools?.[name] !== version)) {
    installTools(tools);
    done.tools = tools;
    writeStamp(done);
  }
  if (done.dependencies !== dependencies || !existsSync(join(root, "node_modules"))) {
    say("installing the dependencies");
    quietly("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--reporter=append-only"]);
    writeStamp({ ...done, dependencies });
  }
}

function nodeIsNewEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** Node comes as a package too, so that nothing but npm is needed; its binary lands where the packages' scripts look first. */
function installTools(tools) {
  const names = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  say(`installing ${names.join(" and ")} into .toolchain/`);
  rmSync(toolchain, { recursive: true, force: true });
  mkdirSync(toolchain);
  writeFileSync(join(toolchain, "package.json"), JSON.stringify({ private: true, dependencies: tools }));
  const flags = ["--prefix", toolchain, "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts=false"];
  const npm = process.env.npm_execpath ?? "";
  if (npm.endsWith("npm-cli.js")) quietly(process.execPath, [npm, "install", ...flags], toolchain);
  else quietly("npm", ["install", ...flags], toolchain);
}

function start() {
  quietly("pnpm", ["exec", "turbo", "run", "build", "--filter=@trunks/cli", "--output-logs=errors-only"]);
  linkPrograms();
  if (args.length === 0) must("node", [join(root, "scripts", "demo.ts")]);
  // npm runs scripts in the workspace's folder; the paths in ARGS are meant from where the user stands.
  else must("node", [join(root, "apps/cli/dist/trunks.js"), ...args], process.env.INIT_CWD);
}

/** Goes on whatever fails, so that one run tells all of it. */
function test() {
  environment.TRUNKS_RESULTS_DIR = join(root, ".results", "packages");
  rmSync(environment.TRUNKS_RESULTS_DIR, { recursive: true, force: true });
  say("bringing the test servers");
  const servers = run("pnpm", ["--silent", "-C", "test-servers", "run", "install-servers"]);
  say("bringing the other runtimes");
  const runtimes = run("pnpm", ["--silent", "-C", "test-runtimes", "run", "install-runtimes"]);
  say("running the suites");
  // A suite of its own takes both cores for moments only, and servers need some of the memory: two at a time.
  const flags = ["--concurrency=2", "--continue=dependencies-successful", "--env-mode=loose"];
  const suites = run("pnpm", ["exec", "turbo", "run", "test", ...flags, "--output-logs=errors-only"]);
  must("node", [join(root, "scripts", "tally.ts"), ...(servers + runtimes + suites === 0 ? [] : ["--failed"])]);
}

/** Puts `trunks` and git's helper, as built here, on the path. Not for tests, which decide themselves what git finds. */
function linkPrograms() {
  const programs = join(toolchain, "bin");
  rmSync(programs, { recursive: true, force: true });
  mkdirSync(programs);
  for (const name of ["trunks", "git-remote-trunks"]) {
    symlinkSync(join("..", "..", "apps", "cli", "dist", `${name}.js`), join(programs, name));
  }
  environment.PATH = [programs, environment.PATH].join(delimiter);
}

/** Runs a command that shows its output itself, and answers its exit code. */
function run(program, programArgs, cwd = root) {
  const done = spawnSync(program, programArgs, { cwd, env: environment, stdio: "inherit", shell: needsShell(program) });
  if (done.error) stop(`cannot run ${program}: ${done.error.message}`);
  return done.status ?? 1;
}

/** Runs a command and ends with its exit code when it fails. */
function must(program, programArgs, cwd = root) {
  const status = run(program, programArgs, cwd);
  if (status !== 0) process.exit(status);
}

/** Runs a command whose output matters only when it fails. */
function quietly(program, programArgs, cwd = root) {
  const done = spawnSync(program, programArgs, {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    shell: needsShell(program),
  });
  if (done.error) stop(`cannot run ${program}: ${done.error.message}`);
  if (done.status !== 0) {
    process.stderr.write(done.stdout + done.stderr);
    stop(`failed: ${program} ${programArgs.join(" ")}`);
  }
}

/** On Windows, npm's programs are batch files, which only a shell can start. */
function needsShell(program) {
  return process.platform === "win32" && (program === "npm" || program === "pnpm");
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

function digest(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(read(path));
  return hash.digest("hex");
}

/** What earlier runs installed. An unreadable stamp only costs time. */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, "utf8"));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  writeFileSync(stampFile, JSON.stringify(stamp));
}

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

function stop(message, status = 1) {
  say(message);
  if (command === "test") process.stdout.write("0 passed, 1 failed\n");
  process.exit(status);
}
