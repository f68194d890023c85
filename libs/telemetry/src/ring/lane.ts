/**
 * The recent past of one number: a value per second for the last ten minutes, and one per two minutes for the last day. A
 * slot without a value is not a number. Seven digits are kept, more than any chart shows.
 */

interface LaneShape {
  readonly stepMs: number;
  readonly slots: number;
}

export const fine: LaneShape = { stepMs: 1000, slots: 600 };
const coarse: LaneShape = { stepMs: 120_000, slots: 720 };

export type Resolution = "fine" | "coarse";

export const laneShapes: Readonly<Record<Resolution, LaneShape>> = { fine, coarse };

/** Number of fine slots in a coarse slot. */
export const fineInCoarse = coarse.stepMs / fine.stepMs;

/** Number of steps that had been sampled or skipped at some moment. */
export type Steps = Readonly<Record<Resolution, number>>;

export const laneBytes = (fine.slots + coarse.slots) * Float32Array.BYTES_PER_ELEMENT;

export type Statistic = "value" | "rate" | "p50" | "p99";

/** The recent values of one number. */
export interface Past {
  readonly statistic: Statistic;
  /** Returns the value of a kept step. Not a number if there is none. */
  at(resolution: Resolution, step: number): number;
}

export class Lane implements Past {
  readonly statistic: Statistic;
  readonly fine = new Float32Array(fine.slots).fill(Number.NaN);
  readonly coarse = new Float32Array(coarse.slots).fill(Number.NaN);

  constructor(statistic: Statistic) {
    this.statistic = statistic;
  }

  at(resolution: Resolution, step: number): number {
    return this[resolution][step % laneShapes[resolution].slots] as number;
  }

  /** Writes zero into all steps after `from` up to `until`. */
  zero(from: Steps, until: Steps): void {
    for (const resolution of ["fine", "coarse"] as const) {
      const { slots } = laneShapes[resolution];
      const first = Math.max(from[resolution] + 1, until[resolution] - slots + 1);
      for (let step = first; step <= until[resolution]; step += 1) this[resolution][step % slots] = 0;
    }
  }
}
