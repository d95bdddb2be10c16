/**
 * The items of batches, one by one. A generator would take longer to hand on an item than a small file takes to be read: here
 * only the next batch is waited for.
 */
export class BatchItems<Item> implements AsyncGenerator<Item, void, undefined> {
  readonly #batches: AsyncGenerator<readonly Item[], void, undefined>;
  #items: Iterator<Item> = [].values();
  /** Calls that came before a batch did, one after another. */
  #waiting: Promise<unknown> | undefined;

  constructor(batches: AsyncGenerator<readonly Item[], void, undefined>) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<Item, void>> {
    if (this.#waiting !== undefined) return this.#wait(() => this.#next());
    const item = this.#items.next();
    return item.done ? this.#wait(() => this.#next()) : Promise.resolve(item);
  }

  return(): Promise<IteratorResult<Item, void>> {
    return this.#wait(() => this.#end());
  }

  throw(error: unknown): Promise<IteratorResult<Item, void>> {
    return this.#wait(async () => {
      await this.#end();
      throw error;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<Item, void>> {
    for (;;) {
      const item = this.#items.next();
      if (!item.done) return item;
      const batch = await this.#batches.next();
      if (batch.done) return { done: true, value: undefined };
      this.#items = batch.value.values();
    }
  }

  async #end(): Promise<IteratorResult<Item, void>> {
    this.#items = [].values();
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  async #wait<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = (this.#waiting ?? Promise.resolve()).then(work, work);
    this.#waiting = turn;
    try {
      return await turn;
    } finally {
      if (this.#waiting === turn) this.#waiting = undefined;
    }
  }
}
