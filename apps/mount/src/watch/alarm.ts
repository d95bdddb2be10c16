/** Rings once, at the earliest of the times that it was set to since it rang last. */
export class Alarm {
  readonly #ring: () => void;
  #set: { readonly timer: NodeJS.Timeout; readonly dueMs: number } | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  set(delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    if (this.#set !== undefined && this.#set.dueMs <= dueMs) return;
    this.clear();
    const ring = () => {
      this.#set = undefined;
      this.#ring();
    };
    this.#set = { timer: setTimeout(ring, delayMs), dueMs };
  }

  clear(): void {
    clearTimeout(this.#set?.timer);
    this.#set = undefined;
  }
}
