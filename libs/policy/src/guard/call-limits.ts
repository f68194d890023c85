/**
 * Limits per caller: rate of calls, concurrent calls and streams, bytes of a request.
 *
 * 1. The limit is that of the identity. Else the default of the namespace, for each identity separately. Else
 *    that of the configuration.
 * 2. The rate is one number per caller: the due time of the next call at an even rate. A caller may be ahead
 *    of it by a burst, and a refused call costs nothing.
 * 3. A caller that has been quiet long enough takes no memory.
 */
import type { IdentityLimit } from "@tutti/contracts/governance/v1";
import type { Actor, Rate } from "@tutti/contracts/types/v1";

/** 0: no limit. */
export interface CallLimit {
  readonly calls: Rate | undefined;
  readonly maxConcurrent: number;
  readonly maxStreams: number;
  readonly maxRequestBytes: number;
}

export type Admittance =
  | {
      readonly kind: "admitted";
      /** The burst. Infinity without a limit. */
      readonly limit: number;
      /** Number of further calls that may come now. */
      readonly remaining: number;
      /** When the whole burst is available again. */
      readonly resetMs: number;
    }
  | {
      readonly kind: "refused";
      readonly why: "calls" | "concurrent" | "streams";
      readonly limit: number;
      /** 0 if it depends on the end of other calls. */
      readonly retryAfterMs: number;
    };

interface Caller {
  /** Due time of the next call at an even rate: in the future for a caller that is ahead. */
  dueMs: number;
  calls: number;
  streams: number;
}

const sweepEvery = 1_024;

export class CallLimits {
  readonly #otherwise: CallLimit;
  readonly #callers = new Map<string, Caller>();
  #limits: ReadonlyMap<string, IdentityLimit> = new Map();
  #untilSweep = sweepEvery;

  /** `otherwise`: the limit of callers without their own. */
  constructor(otherwise: CallLimit) {
    this.#otherwise = otherwise;
  }

  /** Number of remembered callers. */
  get size(): number {
    return this.#callers.size;
  }

  /** Replaces the limits. A caller that was ahead of its limit still is. */
  renew(limits: readonly IdentityLimit[]): void {
    this.#limits = new Map(limits.map((limit) => [keyOf(limit.namespace, limit.actor), limit]));
  }

  limitOf(namespace: string, actor: Actor): CallLimit {
    const set = this.#limits.get(keyOf(namespace, actor)) ?? this.#limits.get(keyOf(namespace, undefined));
    if (set === undefined) return this.#otherwise;
    const { calls, maxConcurrent, maxStreams, maxRequestBytes } = set;
    return {
      calls,
      maxConcurrent,
      maxStreams,
      maxRequestBytes: maxRequestBytes || this.#otherwise.maxRequestBytes,
    };
  }

  /** Admits or refuses a call. `release` has to follow an admitted call. */
  admit(namespace: string, actor: Actor, nowMs: number): Admittance {
    const { calls, maxConcurrent } = this.limitOf(namespace, actor);
    const caller = this.#callerOf(namespace, actor, nowMs);
    if (maxConcurrent > 0 && caller.calls >= maxConcurrent)
      return { kind: "refused", why: "concurrent", limit: maxConcurrent, retryAfterMs: 0 };
    const admittance = pass(caller, calls, nowMs);
    if (admittance.kind === "admitted") caller.calls++;
    return admittance;
  }

  release(namespace: string, actor: Actor): void {
    const caller = this.#callers.get(keyOf(namespace, actor));
    if (caller !== undefined && caller.calls > 0) caller.calls--;
  }

  /** Admits or refuses a stream: it counts as one call, and as a stream until it is closed. */
  open(namespace: string, actor: Actor, nowMs: number): Admittance {
    const { calls, maxStreams } = this.limitOf(namespace, actor);
    const caller = this.#callerOf(namespace, actor, nowMs);
    if (maxStreams > 0 && caller.streams >= maxStreams)
      return { kind: "refused", why: "streams", limit: maxStreams, retryAfterMs: 0 };
    const admittance = pass(caller, calls, nowMs);
    if (admittance.kind === "admitted") caller.streams++;
    return admittance;
  }

  close(namespace: string, actor: Actor): void {
    const caller = this.#callers.get(keyOf(namespace, actor));
    if (caller !== undefined && caller.streams > 0) caller.streams--;
  }

  #callerOf(namespace: string, actor: Actor, nowMs: number): Caller {
    if (--this.#untilSweep === 0) this.#sweep(nowMs);
    const key = keyOf(namespace, actor);
    let caller = this.#callers.get(key);
    if (caller === undefined) {
      caller = { dueMs: nowMs, calls: 0, streams: 0 };
      this.#callers.set(key, caller);
    }
    return caller;
  }

  #sweep(nowMs: number): void {
    for (const [key, { dueMs, calls, streams }] of this.#callers)
      if (dueMs <= nowMs && calls === 0 && streams === 0) this.#callers.delete(key);
    // Proportional to the number of callers: so a sweep costs each call the same.
    this.#untilSweep = Math.max(sweepEvery, this.#callers.size);
  }
}

function pass(caller: Caller, rate: Rate | undefined, nowMs: number): Admittance {
  if (rate === undefined || rate.count <= 0 || rate.perMs <= 0) {
    const limit = Number.POSITIVE_INFINITY;
    return { kind: "admitted", limit, remaining: limit, resetMs: nowMs };
  }
  const intervalMs = rate.perMs / rate.count;
  const limit = rate.burst > 0 ? rate.burst : rate.count;
  const dueMs = Math.max(caller.dueMs, nowMs) + intervalMs;
  const aheadMs = dueMs - nowMs;
  // A tolerance of a thousandth of a call, since sums of fractions are not exact.
  if (aheadMs > (limit + 0.001) * intervalMs) {
    return { kind: "refused", why: "calls", limit, retryAfterMs: aheadMs - limit * intervalMs };
  }
  caller.dueMs = dueMs;
  return {
    kind: "admitted",
    limit,
    remaining: Math.floor(limit - aheadMs / intervalMs + 0.001),
    resetMs: dueMs,
  };
}

function keyOf(namespace: string, actor: Actor | undefined): string {
  return actor === undefined ? namespace : `${namespace} ${actor.kind}:${actor.id}`;
}
