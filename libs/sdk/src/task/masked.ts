/** What attempts say, without the secrets that they were given. */
import type { Told } from "./attempt.ts";
import type { Outcome } from "./encode.ts";
import type { Masks } from "./masks.ts";

/** What an attempt told, as it may leave. */
export function maskedTold(told: Told, masks: Masks | undefined): Told {
  if (masks === undefined) return told;
  const { saved, message } = told;
  return { ...told, message: masks.text(message), saved: saved && masks.bytes(saved) };
}

export function maskedOutcome(outcome: Outcome, masks: Masks | undefined): Outcome {
  if (masks === undefined) return outcome;
  switch (outcome.$case) {
    case "failed":
      return { $case: "failed", value: masks.error(outcome.value) };
    case "busy":
      return { $case: "busy", value: { ...outcome.value, message: masks.text(outcome.value.message) } };
    case "stopped":
      return { $case: "stopped", value: { message: masks.text(outcome.value.message) } };
    default:
      return outcome;
  }
}
