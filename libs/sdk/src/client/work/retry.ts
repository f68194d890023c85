import { retrySettings } from "@tutti/definitions/builder";
import { parseDurationMs, type RetryPolicy, resolveRetry, retryContradiction } from "@tutti/kernel";
import { sdkErrors } from "../../errors.ts";
import type { OptionNames } from "../../options.ts";

/** Retry policy of a step. */
export interface StepRetry {
  /** Attempts in all, the first included. */
  readonly attempts?: number;
  /** The first pause, and the longest behind two dots: `1s..1m`. */
  readonly backoff?: string;
  /** Factor of each pause. Default: 2. */
  readonly factor?: number;
  /** Share of each pause that is random. Default 0.2. */
  readonly jitter?: number;
  /** Codes of errors that are retried, `*` being a wildcard. Default: all that are not final. */
  readonly on?: readonly string[];
  /** Codes of errors that are never retried. */
  readonly notOn?: readonly string[];
}

/** Retry policy of a task. */
export interface RetryOptions extends StepRetry {
  /** Whether the task fails or waits for a person after the last attempt. Default: `fail`. */
  readonly exhausted?: "fail" | "pause";
  /** Whether an attempt that loses its worker goes to another one, or fails the task. Default: `retry`. */
  readonly onLost?: "retry" | "fail";
}

export const retryNames: OptionNames<RetryOptions> = {
  attempts: true,
  backoff: true,
  factor: true,
  jitter: true,
  on: true,
  notOn: true,
  exhausted: true,
  onLost: true,
};

/** Returns the whole policy of an option `retry`. Throws if it contradicts itself. */
export function retryPolicyIn(retry: number | StepRetry | undefined): RetryPolicy {
  const { attempts = 1, backoff = "" } = typeof retry === "number" ? { attempts: retry } : (retry ?? {});
  if (!Number.isInteger(attempts) || attempts < 1)
    throw invalid("retry.attempts", "a whole number of at least 1, the first attempt included", attempts);
  const pauses = backoff.split("..");
  if (backoff !== "" && (pauses.length > 2 || pauses.some((text) => parseDurationMs(text) === undefined)))
    throw invalid("retry.backoff", "a duration such as 1s, or two such as 1s..1m", backoff);
  const settings = retrySettings(retry) ?? {};
  const contradiction = retryContradiction(settings);
  if (contradiction !== undefined) throw invalid("retry.backoff", contradiction.expected, backoff);
  return resolveRetry(settings);
}

function invalid(option: string, expected: string, found: unknown) {
  return sdkErrors.optionInvalid({ option, expected, found: JSON.stringify(found) });
}
