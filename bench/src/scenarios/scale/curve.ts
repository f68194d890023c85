import { exponentOf } from "../../measure/exponent.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Result } from "../../scenario.ts";

export interface Point {
  readonly size: number;
  /** Processor time of one item at this size. */
  readonly usPerItem: number;
}

/** Above this the cost of an item grows with how many there are. */
export const exponentMax = 1.1;

/** As one line: the curve, and the exponent of the cost of all items. An item that always costs the same gives 1. */
export function lineOf(variant: string, points: readonly Point[]): Result {
  const exponent = exponentOf(points.map(({ size, usPerItem }) => ({ size, cost: size * usPerItem })));
  if (exponent === undefined || !Number.isFinite(exponent))
    throw new Error(`expected a cost at each size of ${variant}, found ${JSON.stringify(points)}`);
  return {
    ...{ variant, sizes: points.map(({ size }) => size).join(" ") },
    usPerItem: points.map(({ usPerItem }) => rounded(usPerItem)).join(" "),
    exponent: rounded(exponent),
    isFinding: exponent > exponentMax,
  };
}
