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
    variant,
    sizes: points.map(({ size }) => size).join(" "),
    usPerItem: points.map(({ usPerItem }) => rounded(usPerItem)).join(" "),
    exponent: rounded(exponent),
    isFinding: exponent > exponentMax,
  };
}

/**
 * Returns e of `cost = a × size^e`, fitted by least squares on logarithms: 1 is a cost that grows as the size does, 2 one
 * that grows four times with twice the size. Undefined with fewer than two sizes.
 */
export function exponentOf(
  curve: readonly { readonly size: number; readonly cost: number }[],
): number | undefined {
  const points = curve.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = mean((point) => (point.x - x) ** 2);
  return spread > 0 ? mean((point) => (point.x - x) * (point.y - y)) / spread : undefined;
}
