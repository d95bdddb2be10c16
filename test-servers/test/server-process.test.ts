import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ServerProcess } from "../src/index.ts";
import { planOf } from "./plan.ts";

const url = (server: { ports: readonly number[] }) => `http://127.0.0.1:${server.ports[0]}`;
const pidOf = async (server: ServerProcess) => (await fetch(url(server))).text();

/** Waits for something that another process does soon; the test's own time limit is the bound. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

const isGone = (path: string) =>
  access(path).then(
    () => false,
    () => true,
  );

test("a server is ready when start answers, and gone with its folder after stop", async () => {
  const server = await ServerProcess.start(planOf());
  expect(Number(await pidOf(server))).toBeGreaterThan(1);
  await server.stop();
  await expect(fetch(url(server))).rejects.toThrow();
  expect(await isGone(server.folder)).toBe(true);
  await server.stop();
});

test("a killed server comes back at the same port, as another process, on the same folder", async () => {
  const server = await ServerProcess.start(planOf());
  const { folder } = server;
  const before = await pidOf(server);
  await server.kill();
  await expect(fetch(url(server))).rejects.toThrow();
  await server.restart();
  expect(await pidOf(server)).not.toBe(before);
  expect(server.folder).toBe(folder);
  await server.stop();
});

test("a server that ends at once is reported with what it said", async () => {
  const plan = planOf('console.error("no such setting"); process.exit(3)');
  await expect(ServerProcess.start(plan)).rejects.toThrow("plain ended before it was ready: no such setting");
});

test("a program that is not there is reported", async () => {
  const plan = { ...planOf(), command: () => ({ program: "/no/such/program", arguments: [] }) };
  await expect(ServerProcess.start(plan)).rejects.toThrow("ENOENT");
});

test("a server that never answers is given up, and ended", async () => {
  const plan = { ...planOf("setInterval(() => {}, 1000)"), readyTimeoutMs: 300 };
  await expect(ServerProcess.start(plan)).rejects.toThrow("plain was not ready in 300 ms");
});

test("server and folder go when the process that started them is killed", async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, "orphan.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  const { port, folder } = JSON.parse(String(line));
  const address = { ports: [port] };
  expect((await fetch(url(address))).ok).toBe(true);
  parent.kill("SIGKILL");
  await until(() => isGone(folder));
  await expect(fetch(url(address))).rejects.toThrow();
});
