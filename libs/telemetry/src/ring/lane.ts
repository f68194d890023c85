/**
 * The recent past of one number: a value for each of the last ten minutes' seconds, and one for each two minutes of
 * the last day. A slot without a value is not a number. Seven digits are kept, more than any picture shows.
 */

interface Reach {
  readonly stepMs: number;
  readonly slots: number;
}

export const fine: Reach = { stepMs: 1000, slots: 600 };
const coarse: Reach = { stepMs: 120_000, slots: 720 };

export type Resolution = "fine" | "coarse";

export const reaches: Readonly<Record<Resolution, Reach>> = { fine, coarse };

/** Fine slots in a coarse one. */
export const fineInCoarse = coarse.stepMs / fine.stepMs;

/** How many steps had been sampled or skipped at some moment. */
export type Steps = Readonly<Record<Resolution, number>>;

export const laneBytes = (fine.slots + coarse.slots) * Float32Array.BYTES_PER_ELEMENT;

export type Statistic = "value" | "rate" | "p50" | "p99";

/** The recent values of one number. */
export interface Past {
  readonly statistic: Statistic;
  /** The value of a step that is in reach. Not a number if there is none. */
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
    return this[resolution][step % reaches[resolution].slots] as number;
  }

  /** Says zero for all steps from one moment on to another. */
  zero(from: Steps, until: Steps): void {
    for (const resolution of ["fine", "coarse"] as const) {
      const { slots } = reaches[resolution];
      const first = Math.max(from[resolution] + 1, until[resolution] - slots + 1);
      for (let step = first; step <= until[resolution]; step += 1) this[resolution][step % slots] = 0;
    }
  }
}
