import type { Instance } from "../discovery/discovery.ts";
import type { Breaker } from "../interceptors/breaker.ts";
import type { Link } from "../transport/link.ts";

const fadeMs = 3_000;

/**
 * A moving average of latencies that weighs by time: calls of more than a few seconds ago hardly count, however many or
 * few there were since. A peak counts at once and fades.
 */
class LatencyAverage {
  #valueMs = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  observe(latencyMs: number, nowMs: number): void {
    if (latencyMs >= this.at(nowMs)) {
      this.#valueMs = latencyMs;
    } else {
      const kept = Math.exp((this.#atMs - nowMs) / fadeMs);
      this.#valueMs = this.#valueMs * kept + latencyMs * (1 - kept);
    }
    this.#atMs = nowMs;
  }

  /** Fades without news, so that an instance that was slow once is tried again. */
  at(nowMs: number): number {
    return this.#valueMs * Math.exp((this.#atMs - nowMs) / fadeMs);
  }
}

/** What an instance is taken to need before anything is known of it. */
const unknownMs = 0.05;
/** How long an instance that said it drains is left alone, should it be still announced after that. */
const drainingMs = 10_000;

/** An instance as this process calls it: the way there, how it does, and how much is on its way. */
export class Target {
  /** As discovery last described it. Id and address stay. */
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

  /** What a further call is expected to cost here: the latency of late times the calls it has to share with. */
  cost(nowMs: number): number {
    return (this.#latency.at(nowMs) + unknownMs) * (this.#inFlight + 1);
  }

  began(): void {
    this.#inFlight++;
  }

  succeeded(startedMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#latency.observe(nowMs - startedMs, nowMs);
  }

  /** Failing slowly makes an instance look slow, failing fast does not make it look fast. The breaker does the rest. */
  failed(startedMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#latency.observe(Math.max(nowMs - startedMs, this.#latency.at(nowMs)), nowMs);
  }

  /** A stream that was open has ended. How long it was open says nothing. */
  released(): void {
    this.#inFlight--;
  }

  reportDraining(drains: boolean, nowMs: number): void {
    if (drains) this.#drainingUntilMs = nowMs + drainingMs;
  }
}
