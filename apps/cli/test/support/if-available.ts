import { ServerUnavailableError } from "@trunks/test-servers";

/** What was started, or why this machine cannot have it. */
export async function ifAvailable<Started>(start: () => Promise<Started>): Promise<Started | string> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof ServerUnavailableError) return error.message;
    throw error;
  }
}
