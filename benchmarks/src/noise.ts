import { createCipheriv } from "node:crypto";
import { writeSync } from "node:fs";

/** Bytes that look random and are the same each time. */
export function writeNoise(file: number, seed: number, size: number): void {
  const zeros = Buffer.alloc(2 ** 20);
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed % 256), Buffer.alloc(16, seed >>> 8));
  for (let at = 0; at < size; at += zeros.length)
    writeSync(file, noise.update(zeros), 0, Math.min(zeros.length, size - at));
}
