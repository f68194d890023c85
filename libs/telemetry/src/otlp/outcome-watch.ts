/** Counts what became of exports and tells when they start to fail and when they work again, not at every one. */
import type { Counter, Logger, Metrics } from "@tutti/kernel";

type Signal = "traces" | "metrics";

export class OutcomeWatch {
  readonly #logger: Logger;
  readonly #endpoint: string;
  readonly #exports: Counter<"signal" | "outcome">;
  readonly #failing = new Set<Signal>();

  constructor(options: { readonly logger: Logger; readonly metrics: Metrics; readonly endpoint: string }) {
    this.#logger = options.logger;
    this.#endpoint = options.endpoint;
    this.#exports = options.metrics.counter({
      name: "tutti_telemetry_exports_total",
      help: "Batches sent to the collector by outcome.",
      labels: ["signal", "outcome"],
    });
  }

  /** No server could be reached at the last attempt. */
  get failing(): boolean {
    return this.#failing.size > 0;
  }

  succeeded(signal: Signal): void {
    this.#exports.with({ signal, outcome: "ok" }).add();
    if (!this.#failing.delete(signal)) return;
    this.#logger.info("collector accepts telemetry again", { signal, endpoint: this.#endpoint });
  }

  failed(signal: Signal, error: unknown): void {
    this.#exports.with({ signal, outcome: "failed" }).add();
    if (this.#failing.has(signal)) return;
    this.#failing.add(signal);
    this.#logger.warn("collector rejects telemetry, dropping it: check tracing.otlpEndpoint", {
      signal,
      endpoint: this.#endpoint,
      error,
    });
  }
}
