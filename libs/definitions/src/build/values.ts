import type { RetrySettings } from "@tutti/kernel";
import { parseDurationMs } from "../duration.ts";
import type {
  CacheDocument,
  LimitDocument,
  RetryDocument,
  SelectorDocument,
  TaskDocument,
  TimeoutDocument,
} from "../language/document.ts";
import type { Selector, Timeouts } from "../plan/plan.ts";

/** Expands short forms of options for the plan. */

export function durationMs(text: string | undefined): number {
  return text === undefined ? 0 : (parseDurationMs(text) ?? 0);
}

/** `auto` alone keeps an output for an hour. */
export function cacheIn(cache: string | CacheDocument): CacheDocument {
  if (typeof cache !== "string") return cache;
  return cache === "auto" ? { ttl: "1h", auto: true } : { ttl: cache };
}

/** Returns the fields of a policy that a document sets. A number is the maximum of attempts. */
export function retrySettings(retry: number | RetryDocument | undefined): RetrySettings | undefined {
  if (retry === undefined) return undefined;
  if (typeof retry === "number") return { maxAttempts: retry };
  const { attempts, backoff = "", factor, jitter, on, notOn, exhausted, onLost } = retry;
  const [first, longest] = backoff.split("..");
  return set({
    maxAttempts: attempts,
    initialMs: first ? durationMs(first) : undefined,
    factor,
    maxMs: longest === undefined ? undefined : durationMs(longest),
    jitter,
    retryOn: on,
    failOn: notOn,
    pauseWhenExhausted: exhausted && exhausted === "pause",
    failWhenLost: onLost === "fail" || undefined,
  });
}

function set(settings: RetrySettings): RetrySettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** @param lone meaning of a duration without a key: the whole task if no agent makes attempts */
export function timeoutsOf(
  timeout: string | TimeoutDocument | undefined,
  lone: "run" | "total" = "run",
): Timeouts {
  const { queue, run, heartbeat, total }: TimeoutDocument =
    typeof timeout === "string" ? { [lone]: timeout } : (timeout ?? {});
  return {
    queueMs: durationMs(queue),
    runMs: durationMs(run),
    heartbeatMs: durationMs(heartbeat),
    totalMs: durationMs(total),
  };
}

export interface RateValues {
  readonly rateCount: number;
  readonly ratePerMs: number;
  readonly rateBurst: number;
}

/** Parses `10/s`, `100/5m`, or the long form. */
export function rateOf(rate: LimitDocument["rate"]): RateValues {
  if (rate === undefined) return { rateCount: 0, ratePerMs: 0, rateBurst: 0 };
  if (typeof rate !== "string") {
    const { count, per, burst = 0 } = rate;
    return { rateCount: count, ratePerMs: durationMs(per), rateBurst: burst };
  }
  const [count = "0", per = "1s"] = rate.split("/");
  return { rateCount: Number(count), ratePerMs: durationMs(/^\d/.test(per) ? per : `1${per}`), rateBurst: 0 };
}

export function selectorOf(selector: SelectorDocument | undefined): Selector {
  const { equals = {}, exists = [], absent = [] } = selector ?? {};
  return { equals: sorted(equals), exists, absent };
}

export function sorted<T>(members: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `stock.reserve@^2` is a capability and a range of versions. */
export function splitAt(text: string): readonly [name: string, version: string] {
  const at = text.indexOf("@");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Options in the policy of a task. A task with none of them has the common policy. */
export const policyKeys = [
  "maxParallel",
  "failFast",
  "retry",
  "timeout",
  "compensate",
  "priority",
  "labels",
  "placement",
  "resources",
  "budget",
  "cost",
  "estimate",
  "checks",
  "limits",
  "cache",
  "dueTime",
  "idempotencyKey",
  "gang",
  "mayBeDoubled",
  "mayFail",
] as const satisfies readonly (keyof TaskDocument)[];
