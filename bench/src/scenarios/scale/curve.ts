import { rounded } from "../../measure/statistics.ts";
import type { Result } from "../../scenario.ts";

export interface Point {
  readonly size: number;
  /** Processor time of one item at this size. */
  readonly usPerItem: number;
}

/** Above this the cost of an item grows with the number of items. */
export const exponentMax = 1.1;

/** Returns the curve as one line, with the exponent of the cost of all items. 1: the cost of an item is constant. */
export function lineOf(variant: string, points: readonly Point[]): Result {
  const exponent = exponentOf(points.map(({ size, usPerItem }) => ({ size, cost: size * usPerItem })));
  if (exponent === undefined || !Number.isFinite(exponent))
    throw new Error(`expected a cost at each size of ${variant}, got ${JSON.stringify(points)}`);
  return {
    variant,
    sizes: points.map(({ size }) => size).join(" "),
    usPerItem: points.map(({ usPerItem }) => rounded(usPerItem)).join(" "),
    exponent: rounded(exponent),
    isFinding: exponent > exponentMax,
  };
}

/**
 * Returns e of `cost = a × size^e`, fitted by least squares on logarithms. With 1 the cost grows like the size, with 2
 * it quadruples when the size doubles. Undefined with fewer than two sizes.
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
