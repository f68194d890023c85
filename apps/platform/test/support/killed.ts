/** A platform that is killed and comes back, and callers that do not mind. */
import { setTimeout as pause } from "node:timers/promises";
import { isTuttiError } from "@tutti/kernel";
import { RestError } from "@tutti/rest/client";

/** Until its result is known: under its id or key it takes effect once, however often it is sent. */
export async function retryUntilDone<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const mayDoBetter = isTuttiError(error) || error instanceof RestError;
      if (!mayDoBetter || error.retry === "never") throw error;
      await pause(20);
    }
  }
}
