/**
 * Repeats calls that may be repeated, within a budget.
 *
 * 1. A call is repeated only when nothing was done (`elsewhere`) or a repetition does no harm: it is safe, or has a key.
 * 2. Retries are a bounded share of all calls, so that they cannot keep a struggling service down.
 * 3. No pause exceeds the deadline: then the error itself is the better answer.
 * 4. "Nothing was done" applies to the whole call: after an attempt of unknown outcome the caller gets the error of
 *    that attempt.
 * 5. A caller learns at once of an exhausted resource that needs a second or longer, such as a full disk. It decides
 *    whether to wait.
 * 6. A call does not wait for a first instance more than once: it waited for the whole time of discovery.
 *
 * @guarantee A call is repeated only if the first attempt did nothing, the call is safe to repeat, or it has an
 * idempotency key.
 */
import {
  type AroundStep,
  backoffMs,
  type Chance,
  type Clock,
  errorFromUnknown,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";
import { isNothingDone, meshErrors } from "../errors.ts";
import type { MeshSettings } from "../settings.ts";

type Settings = MeshSettings["retry"];

const exhaustedMs = 1_000;

/** Retries as a share of calls: each call adds a fraction, each retry takes one. One budget per called service. */
export class RetryBudget {
  readonly #settings: Settings;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#tokens = settings.reserve;
    this.#atMs = clock.monotonic();
  }

  /** Adds the share of a call. */
  earn(): void {
    const { reserve, share } = this.#settings;
    if (this.#tokens < reserve) this.#tokens = Math.min(reserve, this.#tokens + share);
  }

  /** Takes the cost of a retry. Returns false if there is not enough. */
  spend(): boolean {
    const nowMs = this.#clock.monotonic();
    const { reserve, perSec } = this.#settings;
    this.#tokens = Math.min(reserve, this.#tokens + ((nowMs - this.#atMs) * perSec) / 1_000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Returns whether the same call may be made again after an error. */
export function mayRepeat(call: ClientCall, error: TuttiError): boolean {
  const { rpc } = call.method;
  if (rpc.repeat === "resumes" || error.retry === "never") return false;
  if (rpc.requestStream && !call.requests.replayable) return false;
  return error.retry === "elsewhere" || isRepeatable(call);
}

/** Returns whether a repetition of a call does no harm. */
export function isRepeatable(call: ClientCall): boolean {
  const { repeat } = call.method.rpc;
  return repeat === "safe" || (repeat === "keyed" && call.idempotencyKey !== "");
}

export interface RetryParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly routes: {
    /** Returns whether a known instance was not tried by this call. */
    hasOther(call: ClientCall): boolean;
    /** Waits before a repetition. A change of the possible targets shortens the wait. */
    wait(call: ClientCall, delayMs: number): Promise<void>;
  };
}

export function retryStep(parts: RetryParts): AroundStep<ClientCall, Promise<unknown>> {
  const budgets = new Map<string, RetryBudget>();
  const budgetOf = (service: string): RetryBudget => {
    let budget = budgets.get(service);
    if (budget === undefined) {
      budget = new RetryBudget(parts.settings, parts.clock);
      budgets.set(service, budget);
    }
    return budget;
  };
  return {
    name: "retry",
    scope: "core",
    async around(call, next) {
      const budget = budgetOf(call.method.service);
      budget.earn();
      let unknown: TuttiError | undefined;
      for (;;) {
        call.attempts++;
        try {
          return await next(call);
        } catch (thrown) {
          const error = call.stopped ?? errorFromUnknown(thrown);
          if (mayHaveDone(error)) unknown = error;
          const last = unknown !== undefined && isNothingDone(error) ? unknown : error;
          await prepareRepetition(parts, budget, call, error).catch(() => Promise.reject(last));
        }
      }
    },
  };
}

function mayHaveDone(error: TuttiError): boolean {
  return error.status === "UNAVAILABLE" && error.retry === "same-key" && !isNothingDone(error);
}

/** Resolves when the call may be repeated. Throws the error if it may not. */
async function prepareRepetition(
  parts: RetryParts,
  budget: RetryBudget,
  call: ClientCall,
  error: TuttiError,
): Promise<void> {
  const { settings, clock, chance, routes } = parts;
  const { target } = call;
  if (call.stopped !== undefined || !mayRepeat(call, error)) throw error;
  if (error.code === meshErrors.noInstance.code) throw error;
  if (error.status === "RESOURCE_EXHAUSTED" && error.retryAfterMs >= exhaustedMs) throw error;
  // A keyed call has only one target: it continues until its deadline, as ownership may take a while to move.
  if (call.place === undefined && call.attempts >= settings.attempts) throw error;
  const nowMs = clock.monotonic();
  if (target !== undefined) {
    target.reportDraining(error.code === meshErrors.draining.code, nowMs);
    call.avoid ??= [];
    call.avoid.push(target);
  }
  // Any other instance names the same owner.
  const mayUseAny =
    error.retry === "elsewhere" && call.place === undefined && !meshErrors.ownerAway.is(error);
  const immediately = mayUseAny && routes.hasOther(call);
  const backoff = { firstMs: settings.backoffMs, maxMs: settings.backoffMaxMs };
  const delayMs = immediately ? 0 : Math.max(error.retryAfterMs, backoffMs(backoff, call.attempts, chance));
  if (nowMs + delayMs >= call.deadlineMs || !budget.spend()) throw error;
  call.target = undefined;
  if (delayMs === 0) return;
  // All were tried: the next round starts, with any but the last.
  if (target !== undefined && !routes.hasOther(call)) call.avoid = [target];
  await routes.wait(call, delayMs);
}
