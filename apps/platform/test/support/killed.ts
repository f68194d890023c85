/** A platform that is killed and restarted, and callers that retry. */
import { setTimeout as pause } from "node:timers/promises";
import { isTuttiError } from "@tutti/kernel";
import { RestError } from "@tutti/rest/client";

/** Repeats a call until its result is known. The id or key of the call makes repeated sends take effect once. */
export async function retryUntilDone<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const isRetryable = isTuttiError(error) || error instanceof RestError;
      if (!isRetryable || error.retry === "never") throw error;
      await pause(20);
    }
  }
}
