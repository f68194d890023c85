/** Which capabilities no longer take as long as was learned, told once until they do again. */
import type { Knowledge } from "./knowledge.ts";

export interface Drifted {
  readonly capability: string;
  /** What was usual until it started, and what it is since. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

export class Drifts {
  readonly #known = new Set<string>();

  /** Those that drift now and did not when this was asked last. */
  begun({ models }: Pick<Knowledge, "models">): readonly Drifted[] {
    const begun: Drifted[] = [];
    const drifting = new Set<string>();
    for (const { capability, drift, points } of models) {
      if (drift === undefined) continue;
      drifting.add(capability);
      const beforeMs = points.at(-drift.samples)?.predictedMs ?? points[0]?.predictedMs ?? 0;
      if (!this.#known.has(capability)) begun.push({ capability, beforeMs, nowMs: beforeMs * drift.factor });
    }
    this.#known.clear();
    for (const capability of drifting) this.#known.add(capability);
    return begun;
  }
}
