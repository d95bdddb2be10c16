import { TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { type Attempt, headOf } from "./failure.ts";
import { Refusal } from "./refusal.ts";
import type { Temporaries } from "./temporaries.ts";

/**
 * Sees whether a server's plain rename refuses a name that is taken, as version 3 of the protocol wants it; some overwrite.
 * A yes is remembered.
 */
export class RenameProbe {
  readonly #temporaries: Temporaries;
  #refuses: Promise<boolean> | undefined;

  constructor(temporaries: Temporaries) {
    this.#temporaries = temporaries;
  }

  /** Throws `NOT_SUPPORTED` when it overwrites: then two writers of one key could both be told that they were first. */
  async check(connection: Connection, attempt: Attempt): Promise<void> {
    this.#refuses ??= this.#probe(connection, attempt).catch((error: unknown) => {
      this.#refuses = undefined;
      throw error;
    });
    if (await this.#refuses) return;
    throw new TrunksError(
      "NOT_SUPPORTED",
      `${headOf(attempt)} knows no hard links (hardlink@openssh.com), and its rename overwrites what is there: two ` +
        "writers of one key could both be told that they were first",
      { hint: "let its administrator allow hard links (OpenSSH has them since 5.7), or use another kind of store" },
    );
  }

  async #probe(connection: Connection, attempt: Attempt): Promise<boolean> {
    // Not the caller's signal: others wait for the verdict too.
    const own = { ...attempt, signal: undefined };
    const source = await this.#temporaries.write(connection, Buffer.from("source"), own);
    const target = await this.#temporaries.write(connection, Buffer.from("the target"), own);
    try {
      const refused = await connection.rename(source, target).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Refusal) return true;
          throw error;
        },
      );
      return refused && (await connection.stat(target))?.size === "the target".length;
    } finally {
      for (const path of [source, target]) this.#temporaries.remove(connection, path);
    }
  }
}
