import { allocate } from "#platform";

/** So many bytes are allocated for small pieces at a time. */
const roomSizeBytes = 65_536;

/** Memory for many small pieces that live about as long as each other: whoever keeps one keeps those beside it. */
export class Room {
  #bytes: Uint8Array = new Uint8Array(0);
  #taken = 0;

  /** So many bytes that may hold anything. */
  take(size: number): Uint8Array {
    if (size > roomSizeBytes / 4) return allocate(size);
    if (this.#taken + size > this.#bytes.length) {
      this.#bytes = allocate(roomSizeBytes);
      this.#taken = 0;
    }
    this.#taken += size;
    return this.#bytes.subarray(this.#taken - size, this.#taken);
  }
}
