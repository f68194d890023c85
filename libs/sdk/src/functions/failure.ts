import { RetryClass } from "@tutti/contracts/types/v1";
import { failureDetail, TaskFailure } from "../task/failure.ts";
import type { StepError } from "./wire.ts";

/** What a step of a durable function rejects with: the code and the message of what was thrown, also after a replay. */
export class StepFailure extends TaskFailure {
  constructor({ code, message, details = {}, final = false }: StepError) {
    super(code, message, { details, final });
  }

  static {
    StepFailure.prototype.name = "StepFailure";
  }
}

/** Whatever was thrown, as the journal keeps it. */
export function stepError(thrown: unknown): StepError {
  const { code, message, details, retry, retryAfterMs = 0 } = failureDetail(thrown);
  return {
    // A part of the details, so that a replay pauses as long.
    ...{
      code,
      message,
      details: { ...details, ...(retryAfterMs > 0 && { retryAfterMs: `${retryAfterMs}` }) },
    },
    ...(retry === RetryClass.RETRY_CLASS_NEVER && { final: true }),
  };
}
