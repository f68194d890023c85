/**
 * The recent past of one number: a value for each of the last ten minutes' seconds, and one for each two minutes of
 * the last day. A slot without a value is not a number. Seven digits are kept, which no picture can show.
 */

export interface Span {
  readonly stepMs: number;
  readonly slots: number;
}

export const fine: Span = { stepMs: 1000, slots: 600 };
export const coarse: Span = { stepMs: 120_000, slots: 720 };

/** Fine slots in a coarse one. */
export const fineInCoarse = coarse.stepMs / fine.stepMs;

export const laneBytes = (fine.slots + coarse.slots) * Float32Array.BYTES_PER_ELEMENT;

export type Resolution = "fine" | "coarse";

export const spans: Readonly<Record<Resolution, Span>> = { fine, coarse };

export type Statistic = "value" | "rate" | "p50" | "p99";

export class Lane {
  readonly statistic: Statistic;
  readonly fine = new Float32Array(fine.slots).fill(Number.NaN);
  readonly coarse = new Float32Array(coarse.slots).fill(Number.NaN);

  constructor(statistic: Statistic) {
    this.statistic = statistic;
  }
}
