/**
 * How much each caller may ask for: calls per time, calls and streams at once, bytes of a request.
 *
 * 1. The limit is that of the identity. Else the default of the namespace, which each has for themselves. Else that of
 *    the configuration.
 * 2. Calls per time are counted by one number per caller: when the next is due if all come evenly. Ahead of that by a
 *    burst is allowed, and a refused call costs nothing.
 * 3. Who has been quiet until nothing is left of it takes no memory.
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
      /** How many may come at once. Infinity without a limit. */
      readonly limit: number;
      /** How many more may come now. */
      readonly remaining: number;
      /** When as many may come as ever. */
      readonly resetMs: number;
    }
  | {
      readonly kind: "refused";
      readonly why: "calls" | "concurrent" | "streams";
      readonly limit: number;
      /** 0 where it depends on when others end. */
      readonly retryAfterMs: number;
    };

interface Caller {
  /** When a call is due if all come evenly: in the future for who is ahead. */
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

  /** `otherwise`: for whom no limit is set. */
  constructor(otherwise: CallLimit) {
    this.#otherwise = otherwise;
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#callers.size;
  }

  /** From now on these. Who was ahead of the limit before is still. */
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

  /** A call comes. One that is admitted has to be ended. */
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

  /** A stream is opened: it counts as one call, and as a stream until it is closed. */
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
    // In proportion to the number of callers: a sweep costs each call the same.
    this.#untilSweep = Math.max(sweepEvery, this.#callers.size);
  }
}

function pass(caller: Caller, rate: Rate | undefined, nowMs: number): Admittance {
  if (rate === undefined || rate.count <= 0 || rate.perMs <= 0) {
    const limit = Number.POSITIVE_INFINITY;
    return { kind: "admitted", limit, remaining: limit, resetMs: nowMs };
  }
  const apartMs = rate.perMs / rate.count;
  const limit = rate.burst > 0 ? rate.burst : rate.count;
  const dueMs = Math.max(caller.dueMs, nowMs) + apartMs;
  const aheadMs = dueMs - nowMs;
  // A thousandth of a call is what adding up fractions may be off by.
  if (aheadMs > (limit + 0.001) * apartMs) {
    return { kind: "refused", why: "calls", limit, retryAfterMs: aheadMs - limit * apartMs };
  }
  caller.dueMs = dueMs;
  return {
    kind: "admitted",
    limit,
    remaining: Math.floor(limit - aheadMs / apartMs + 0.001),
    resetMs: dueMs,
  };
}

function keyOf(namespace: string, actor: Actor | undefined): string {
  return actor === undefined ? namespace : `${namespace} ${actor.kind}:${actor.id}`;
}
