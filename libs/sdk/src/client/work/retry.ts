import { retrySettings } from "@tutti/definitions/builder";
import { isDuration, type RetryPolicy, resolveRetry, retryContradiction } from "@tutti/kernel";
import {
  number,
  type OptionCheck,
  type OptionNames,
  oneOf,
  plain,
  text,
  wrongOption,
} from "../../options.ts";

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

const attempts: OptionCheck = (value) =>
  Number.isInteger(value) && Number(value) >= 1
    ? undefined
    : "a whole number of at least 1, the first attempt included";

const backoff: OptionCheck = (value) => {
  if (value === "") return undefined;
  const pauses = typeof value === "string" ? value.split("..") : [];
  const isRight = pauses.length > 0 && pauses.length <= 2 && pauses.every(isDuration);
  return isRight ? undefined : "a duration such as 1s, or two such as 1s..1m";
};

/** Those of a policy. A number instead of it is that of all attempts. */
export const stepRetryNames: OptionNames<StepRetry> & { readonly [plain]: OptionCheck } = {
  [plain]: attempts,
  attempts,
  backoff,
  factor: number(0),
  jitter: number(0, 1),
  on: [text],
  notOn: [text],
};

export const retryNames: OptionNames<RetryOptions> & { readonly [plain]: OptionCheck } = {
  ...stepRetryNames,
  exhausted: oneOf(["fail", "pause"]),
  onLost: oneOf(["retry", "fail"]),
};

/** Returns the whole policy of an option `retry` whose values are checked. Throws if it contradicts itself. */
export function retryPolicyIn(retry: number | StepRetry | undefined): RetryPolicy {
  const settings = retrySettings(retry) ?? {};
  const contradiction = retryContradiction(settings);
  if (contradiction !== undefined) {
    const found = typeof retry === "object" ? retry.backoff : undefined;
    throw wrongOption("retry.backoff", contradiction.expected, found);
  }
  return resolveRetry(settings);
}
