import { deflate } from "#platform";

/** In bytes: so much of the middle is tried. */
const sampleSizeBytes = 4096;

/** Whether bytes are of a kind that deflating does not make smaller, to judge by some of them. */
export function isDense(bytes: Uint8Array): boolean {
  const middle = Math.max(0, (bytes.length - sampleSizeBytes) >> 1);
  const sample = bytes.subarray(middle, middle + sampleSizeBytes);
  return deflate(sample).length > 0.95 * sample.length;
}
