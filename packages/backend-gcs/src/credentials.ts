import { TrunksError } from "@trunks/core";
import { textOf } from "@trunks/http-store";
import { credentialsHint, type ResolvedOptions } from "./options.ts";

const scope = "https://www.googleapis.com/auth/devstorage.read_write";

/** What a request carries to say who asks. Empty: nobody in particular. */
export type Identity = Readonly<Record<string, string>>;

/** The part of Google's clients that is used here. */
interface HeaderSource {
  getRequestHeaders(url?: string): Promise<Headers>;
}

/**
 * Who asks: a given token, a key file, or the application default credentials. These last are shown to Google alone: an
 * endpoint may stand in a URL that a stranger wrote. Without any the store is asked anonymously, as emulators are.
 */
export class Credentials {
  readonly #options: ResolvedOptions;
  #source: Promise<HeaderSource> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Tokens are kept, and renewed before they end. Throws `UNAUTHENTICATED`, or `UNAVAILABLE` where nobody answers. */
  async identity(): Promise<Identity> {
    const { accessToken, keyFile, isGoogle } = this.#options;
    try {
      if (accessToken !== undefined) {
        return { authorization: `Bearer ${typeof accessToken === "string" ? accessToken : await accessToken()}` };
      }
      if (keyFile === undefined && !isGoogle) return {};
      this.#source ??= openSource(keyFile);
      return Object.fromEntries(await (await this.#source).getRequestHeaders());
    } catch (error) {
      this.#source = undefined;
      throw failureOf(error);
    }
  }

  /** Forgets the kept token when it is the one that was refused; answers whether another may be had. */
  renew(): boolean {
    this.#source = undefined;
    const { accessToken, keyFile, isGoogle } = this.#options;
    return typeof accessToken === "function" || (accessToken === undefined && (keyFile !== undefined || isGoogle));
  }
}

async function openSource(keyFile: string | undefined): Promise<HeaderSource> {
  // Most of what there is to load, and not needed for an emulator.
  const { GoogleAuth } = await import("google-auth-library");
  return await new GoogleAuth({ keyFilename: keyFile, scopes: [scope] }).getClient();
}

/** Google's errors drag along the request, with its signed assertion: only their text goes on. */
function failureOf(error: unknown): TrunksError {
  const {
    code = "",
    response,
    status,
  } = error as {
    code?: unknown;
    status?: unknown;
    response?: { status?: number };
  };
  const answered = response?.status ?? (typeof status === "number" ? status : undefined);
  const cause = new Error(textOf(error).split("\n", 1)[0]);
  const text = `no credentials for Google Cloud Storage: ${cause.message}`;
  const noAnswer = /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|EPIPE)/.test(String(code));
  if (noAnswer || (answered !== undefined && answered >= 500)) {
    return new TrunksError("UNAVAILABLE", text, { cause, retryable: true, hint: "check the network" });
  }
  return new TrunksError("UNAUTHENTICATED", text, { cause, hint: credentialsHint });
}
