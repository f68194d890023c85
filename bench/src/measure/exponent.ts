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
