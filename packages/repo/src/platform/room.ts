import { allocate } from "#platform";

/** So many bytes are allocated for small pieces at a time. */
const roomSizeBytes = 65_536;

/** Memory for many small pieces that live about as long as each other: whoever keeps one keeps those beside it. */
export class Room {
  /** The next piece is taken of these, which may hold anything. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the next piece begins. */
  start = 0;

  /** Makes so many bytes follow `start`; answers false for a piece so large that it should have memory of its own. */
  reserve(size: number): boolean {
    if (size > roomSizeBytes / 4) return false;
    if (this.start + size > this.bytes.length) {
      this.bytes = allocate(roomSizeBytes);
      this.start = 0;
    }
    return true;
  }

  /** The next so many bytes, which were reserved. */
  take(size: number): Uint8Array {
    this.start += size;
    return this.bytes.subarray(this.start - size, this.start);
  }
}
