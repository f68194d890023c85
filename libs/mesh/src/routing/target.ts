import type { Instance } from "../discovery/discovery.ts";
import type { Breaker } from "../interceptors/breaker.ts";
import type { Link } from "../transport/link.ts";

const fadeMs = 3_000;

/**
 * A moving average of latencies weighted by time: calls of more than a few seconds ago hardly count, regardless of the
 * number since then. A peak counts at once and fades.
 */
class LatencyAverage {
  #valueMs = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  observe(latencyMs: number, nowMs: number): void {
    if (latencyMs >= this.at(nowMs)) {
      this.#valueMs = latencyMs;
    } else {
      const weight = Math.exp((this.#atMs - nowMs) / fadeMs);
      this.#valueMs = this.#valueMs * weight + latencyMs * (1 - weight);
    }
    this.#atMs = nowMs;
  }

  /** Fades without new values, so that an instance that was slow once is tried again. */
  at(nowMs: number): number {
    return this.#valueMs * Math.exp((this.#atMs - nowMs) / fadeMs);
  }
}

/** Assumed latency of an instance before the first value. */
const unknownMs = 0.05;
/** How long a draining instance gets no calls if it is still announced after that. */
const drainingMs = 10_000;

/** An instance for the callers of this process: its link, its health, and its calls in flight. */
export class Target {
  /** The last description of discovery. Id and address never change. */
  instance: Instance;
  readonly link: Link;
  readonly breaker: Breaker;
  #inFlight = 0;
  #drainingUntilMs = Number.NEGATIVE_INFINITY;
  readonly #latency = new LatencyAverage();

  constructor(instance: Instance, link: Link, breaker: Breaker) {
    this.instance = instance;
    this.link = link;
    this.breaker = breaker;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  isDraining(nowMs: number): boolean {
    return this.instance.draining || nowMs < this.#drainingUntilMs;
  }

  /** Returns the expected cost of another call: the recent latency times the calls that share it. */
  cost(nowMs: number): number {
    return (this.#latency.at(nowMs) + unknownMs) * (this.#inFlight + 1);
  }

  started(): void {
    this.#inFlight++;
  }

  succeeded(startedMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#latency.observe(nowMs - startedMs, nowMs);
  }

  /** A slow failure makes an instance look slow, a fast one does not make it look fast. The breaker does the rest. */
  failed(startedMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#latency.observe(Math.max(nowMs - startedMs, this.#latency.at(nowMs)), nowMs);
  }

  /** An open stream has ended. Its duration is no latency. */
  released(): void {
    this.#inFlight--;
  }

  reportDraining(drains: boolean, nowMs: number): void {
    if (drains) this.#drainingUntilMs = nowMs + drainingMs;
  }
}
