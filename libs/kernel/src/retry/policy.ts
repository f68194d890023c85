/**
 * The retry policy of failed attempts: the same for workflows, missions, sessions, both SDKs and REST.
 *
 * 1. Every default is a constant of this file. `resolveRetry` is the only place that applies them.
 * 2. A resolved policy has every field. No reader of a policy needs a default of its own.
 * 3. A policy with more than one attempt pauses between attempts: a pause of 0 is a contradiction.
 *
 * @guarantee A task without `retry` is retried with the defaults below, except after an error that is marked as final.
 * Workflows, missions, sessions, both SDKs and REST have the same defaults.
 */
import { RetryPolicy as RetryPolicyMessage } from "@tutti/contracts/types/v1";
import { assert } from "../errors/assertion.ts";

/** A resolved policy. */
export interface RetryPolicy {
  /** Maximum number of attempts, including the first. */
  readonly maxAttempts: number;
  /** Pause before the second attempt. 0 for a single attempt. */
  readonly initialMs: number;
  /** Factor between pauses. */
  readonly factor: number;
  /** Longest pause. */
  readonly maxMs: number;
  /** Share of each pause that is random, 0 to 1. */
  readonly jitter: number;
  /** Codes of errors that are retried, `*` being a wildcard. Empty for all that are not final. */
  readonly retryOn: readonly string[];
  /** Codes of errors that are never retried. */
  readonly failOn: readonly string[];
  /** Whether a person decides, instead of a failure, after the last attempt. */
  readonly pauseWhenExhausted: boolean;
  /** Whether a lost worker fails the task. Absent if another worker gets it. */
  readonly failWhenLost?: boolean;
}

/** The fields that are set. The others have their default. */
export type RetrySettings = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined };

/** The default of each field of a policy, and the policy of a task that sets none. */
export const retryDefaults: RetryPolicy = Object.freeze({
  maxAttempts: 5,
  initialMs: 1_000,
  factor: 2,
  maxMs: 60_000,
  jitter: 0.2,
  retryOn: Object.freeze([]),
  failOn: Object.freeze([]),
  pauseWhenExhausted: false,
});

/** The retry defaults of one namespace and of its pools. */
export interface ConfiguredRetry {
  readonly namespace: RetrySettings;
  readonly pools: Readonly<Record<string, RetrySettings>>;
}

/** Returns the defaults of a namespace. Undefined if the configuration has none. */
export type ConfiguredRetryOf = (namespace: string) => ConfiguredRetry | undefined;

/** Returns the defaults for tasks of a pool. An empty name means the pool `default`. */
export function retryOfPool(defaults: ConfiguredRetry | undefined, pool: string): RetrySettings {
  return { ...defaults?.namespace, ...defaults?.pools[pool || "default"] };
}

/** A contradiction in settings: the field, the expectation and the value. */
export interface RetryContradiction {
  readonly field: "initialMs" | "maxMs";
  readonly expected: string;
  readonly found: string;
}

export function retryContradiction(settings: RetrySettings): RetryContradiction | undefined {
  const { maxAttempts, initialMs, maxMs } = { ...retryDefaults, ...defined(settings) };
  if (maxAttempts <= 1) return undefined;
  const expected = `more than 0 with ${maxAttempts} attempts`;
  if (initialMs <= 0) return { field: "initialMs", expected, found: String(initialMs) };
  if (maxMs <= 0) return { field: "maxMs", expected, found: String(maxMs) };
  return undefined;
}

/** Returns the whole policy. Check settings of users with `retryContradiction` first. */
export function resolveRetry(settings: RetrySettings = {}): RetryPolicy {
  const overrides = defined(settings);
  // A first pause above the longest one raises the longest one.
  const maxMs = Math.max(retryDefaults.maxMs, overrides.initialMs ?? 0);
  const policy = { ...retryDefaults, maxMs, ...overrides };
  const { maxAttempts } = policy;
  assert(retryContradiction(policy) === undefined, "a policy with several attempts pauses", { maxAttempts });
  return maxAttempts > 1 ? policy : { ...policy, initialMs: 0 };
}

/** The policy of work that is not retried by default: a child, which retries its own tasks. */
export const singleAttempt: RetryPolicy = Object.freeze(resolveRetry({ maxAttempts: 1 }));

/**
 * Returns the whole policy of a message, whose zeros are unset fields. A message without a pause has the default jitter
 * too.
 */
export function retryFromMessage(message: RetrySettings | undefined): RetryPolicy {
  if (message === undefined) return resolveRetry();
  const { maxAttempts, initialMs, factor, maxMs, jitter = 0, failWhenLost, ...rest } = message;
  return resolveRetry({
    ...rest,
    maxAttempts: maxAttempts || undefined,
    initialMs: initialMs || undefined,
    factor: factor || undefined,
    maxMs: maxMs || undefined,
    jitter: jitter === 0 && !initialMs ? undefined : jitter,
    failWhenLost: failWhenLost || undefined,
  });
}

export function retryMessage(policy: RetryPolicy): RetryPolicyMessage {
  const { retryOn, failOn } = policy;
  return RetryPolicyMessage.fromPartial({ ...policy, retryOn: [...retryOn], failOn: [...failOn] });
}

function defined(settings: RetrySettings): Partial<RetryPolicy> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
