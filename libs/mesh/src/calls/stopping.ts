import { kernelErrors, type TuttiError } from "@tutti/kernel";
import type { Method } from "./method.ts";

/** Something that ends early when the call it belongs to does. */
export interface Stoppable {
  stop(reason: TuttiError): void;
}

/** The time allowed for a call ran out. */
export function late(method: Method, extras: { cause?: unknown } = {}): TuttiError {
  return kernelErrors.deadlineExceeded({ what: method.label, isSafe: method.rpc.repeat === "safe" }, extras);
}

/** The caller gave up, for the reason an abort signal names. */
export function givenUp(method: Method, reason?: unknown): TuttiError {
  const extras = reason === undefined ? {} : { cause: reason };
  // `AbortSignal.timeout()` is a deadline by another name.
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return late(method, extras);
  }
  return kernelErrors.cancelled({ what: method.label }, extras);
}
