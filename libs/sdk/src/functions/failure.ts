import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { sdkErrors } from "../errors.ts";
import { failureDetail, TaskFailure } from "../task/failure.ts";
import { findNotJson } from "../task/json.ts";
import type { StepError } from "./wire.ts";

/**
 * Error of a step of a durable function: the code, the message and the causes of the thrown error, also after a
 * replay. If a child failed, the cause is the error of the child.
 */
export class StepFailure extends TaskFailure {
  constructor({ code, message, details = {}, final = false, cause }: StepError) {
    super(code, message, { details, final, ...(cause !== undefined && { cause: new StepFailure(cause) }) });
  }

  static {
    StepFailure.prototype.name = "StepFailure";
  }
}

/** Any thrown value, as the journal stores it. */
export function stepError(thrown: unknown): StepError {
  return errorIn(failureDetail(thrown));
}

/**
 * Returns a result as JSON, as it is after a crash. A value that is not JSON fails permanently: its effects have
 * happened.
 */
export function plain(value: unknown, name: string): Json {
  const wrong = findNotJson(value);
  if (wrong !== undefined) throw sdkErrors.outputInvalid({ capability: name, ...wrong });
  return JSON.parse(JSON.stringify(value) ?? "null") as Json;
}

function errorIn({ code, message, details, retry, retryAfterMs = 0, cause }: ErrorDetail): StepError {
  return {
    // A part of the details, so that a replay pauses as long.
    code,
    message,
    details: { ...details, ...(retryAfterMs > 0 && { retryAfterMs: `${retryAfterMs}` }) },
    ...(retry === RetryClass.RETRY_CLASS_NEVER && { final: true }),
    ...(cause !== undefined && { cause: errorIn(cause) }),
  };
}
