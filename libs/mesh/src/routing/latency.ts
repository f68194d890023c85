/**
 * A moving average of latencies that weighs by time: what is older than a few seconds hardly counts, however many or
 * few calls there were since. A peak counts at once and fades.
 */
const fadeMs = 3_000;

export class LatencyAverage {
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
