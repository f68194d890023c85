import type { Outcome } from "@tutti/contracts/types/v1";
import { backoffMs, fromErrorDetail, sleep } from "@tutti/kernel";
import { sdkErrors } from "../../errors.ts";
import { abortSignal, duration, type OptionNames, requireKnown } from "../../options.ts";
import { type Duration, eitherDuration } from "./duration.ts";
import { attempt, backoff, type ClientPorts, patienceMs } from "./followed.ts";

export interface ResultOptions {
  /** Maximum wait: `5m`, or milliseconds. Default: no limit. */
  readonly timeout?: Duration;
  /** @deprecated use `timeout` */
  readonly timeoutMs?: number;
  /** Stops waiting when aborted. The started work continues. */
  readonly signal?: AbortSignal;
}

export const resultNames: OptionNames<ResultOptions> = {
  timeout: duration,
  timeoutMs: duration,
  signal: abortSignal,
};

interface Question {
  readonly id: string;
  readonly waitMs: number;
}

interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How long one question waits for an end. */
const waitMs = 30_000;
/** Time for the round trip, in addition to the wait. */
const roundTripMs = 15_000;

/**
 * Waits until a run, a mission or a session has ended, and returns its output or throws its error. If it continued as
 * another one, waits for that one.
 */
export async function outputOf(
  id: string,
  request: (question: Question, options: CallOptions) => Promise<Outcome | undefined>,
  options: ResultOptions,
  { clock, timers, chance, contents }: ClientPorts,
): Promise<unknown> {
  requireKnown("result", options, resultNames);
  const { signal } = options;
  const timeoutMs = eitherDuration("timeout", options.timeout, options.timeoutMs);
  let failures = 0;
  let lastReplyMs = clock.monotonic();
  let current = id;
  let remainingMs = timeoutMs ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const forMs = Math.min(waitMs, Math.max(0, remainingMs));
    const requestedMs = clock.monotonic();
    const answer = await attempt(() =>
      request({ id: current, waitMs: forMs }, { timeoutMs: forMs + roundTripMs, signal }),
    );
    if ("error" in answer) {
      // The owner may be dead, and the next one not known yet: that does not mean that the work has ended.
      const isLate = clock.monotonic() - lastReplyMs >= Math.min(patienceMs, remainingMs);
      if (signal?.aborted === true || answer.error.retry === "never" || isLate) throw answer.error;
      await sleep(timers, backoffMs(backoff, ++failures, chance), signal).catch(() => {});
      remainingMs -= clock.monotonic() - requestedMs;
      continue;
    }
    lastReplyMs = clock.monotonic();
    failures = 0;
    const result = answer.value?.result;
    if (result?.$case === "completed") return await contents.valueIn(result.value);
    if (result?.$case === "continued") {
      current = result.value.id;
      continue;
    }
    if (result !== undefined) throw fromErrorDetail(result.value);
    remainingMs -= forMs;
    if (remainingMs <= 0) throw sdkErrors.notEnded({ run: current, afterMs: timeoutMs ?? 0 });
  }
}
