import { kernelErrors, type TuttiError } from "@tutti/kernel";
import type { Method } from "./method.ts";

/** An object that ends early together with its call. */
export interface Stoppable {
  stop(reason: TuttiError): void;
}

/** Returns the error of a call whose time ran out. */
export function late(method: Method, extras: { cause?: unknown } = {}): TuttiError {
  return kernelErrors.deadlineExceeded(
    { operation: method.label, isSafe: method.rpc.repeat === "safe" },
    extras,
  );
}

/** Returns the error of a call that its caller cancelled, with the reason of the abort signal. */
export function callCancelled(method: Method, reason?: unknown): TuttiError {
  const extras = reason === undefined ? {} : { cause: reason };
  // `AbortSignal.timeout()` is a deadline by another name.
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return late(method, extras);
  }
  return kernelErrors.cancelled({ operation: method.label }, extras);
}
