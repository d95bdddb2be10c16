import { TrunksError } from "@trunks/core";
import { type AzureToken, credentialsHint } from "./options.ts";

/** What the SDK asks for tokens. */
export interface TokenSource {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** Tokens from a function, or from the default chain of `@azure/identity`, which is loaded when it is first asked. */
export function tokenCredential(token: (() => Promise<AzureToken>) | undefined): TokenSource {
  let chain: Promise<TokenSource> | undefined;
  return {
    async getToken(scopes, options) {
      try {
        if (token !== undefined) {
          const given = await token();
          return { token: given.token, expiresOnTimestamp: given.expiresAt.getTime() };
        }
        chain ??= openChain();
        return await (await chain).getToken(scopes, options);
      } catch (error) {
        chain = undefined;
        throw failureOf(error);
      }
    },
  };
}

async function openChain(): Promise<TokenSource> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  return new DefaultAzureCredential();
}

/** The library's errors may hold requests and answers: only their first line goes on. */
function failureOf(error: unknown): TrunksError {
  const { code, message = "", name } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND") {
    return new TrunksError(
      "CONFIG_INVALID",
      "Azure's log-ins need the package @azure/identity, which is not installed",
      {
        hint: "install @azure/identity beside @trunks/backend-azure, or set AZURE_STORAGE_KEY",
      },
    );
  }
  if (name === "AbortError") throw error;
  const cause = new Error(message.split("\n", 1)[0]);
  return new TrunksError("UNAUTHENTICATED", `no credentials for Azure Blob Storage: ${cause.message}`, {
    cause,
    hint: credentialsHint,
  });
}
