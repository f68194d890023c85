/** Signals that a drawn run is sent: for each task that waits for one, one that it takes. */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";

/** All of them say the same, so that it does not matter who takes which. */
export const signalPayload: Json = { n: 2 };
/** Tasks that wait for anything else wait in vain. */
export const wantedSignal = "signal.payload.n == 2";
export const unwantedSignal = "signal.payload.n == 3";

/** Names of signals, one for each that is taken. */
export function signalsFor({ tasks = {} }: WorkflowDocument): readonly string[] {
  return Object.values(tasks).flatMap(({ wait }) =>
    typeof wait === "object" && wait.signal !== undefined && wait.where !== unwantedSignal
      ? [wait.signal]
      : [],
  );
}
