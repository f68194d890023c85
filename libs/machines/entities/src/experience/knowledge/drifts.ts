/** Capabilities whose durations differ from the learned ones, reported once until they return to normal. */
import type { Knowledge } from "./knowledge.ts";

export interface Drifted {
  readonly capability: string;
  /** Usual duration before the drift, and the current one. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

export class Drifts {
  readonly #known = new Set<string>();

  /** Returns capabilities that drift now and did not at the last call. */
  started({ models }: Pick<Knowledge, "models">): readonly Drifted[] {
    const started: Drifted[] = [];
    const drifting = new Set<string>();
    for (const { capability, drift, points } of models) {
      if (drift === undefined) continue;
      drifting.add(capability);
      const beforeMs = points.at(-drift.samples)?.predictedMs ?? points[0]?.predictedMs ?? 0;
      if (!this.#known.has(capability))
        started.push({ capability, beforeMs, nowMs: beforeMs * drift.factor });
    }
    this.#known.clear();
    for (const capability of drifting) this.#known.add(capability);
    return started;
  }
}
