/** Default bounds by the unit at the end of the metric's name. Ten to twenty, so that a cell stays small. */
const secondsBounds = [
  0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
];
const bytesBounds = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const ratioBounds = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
const countBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

export function defaultBounds(name: string): readonly number[] {
  if (name.endsWith("_seconds")) return secondsBounds;
  if (name.endsWith("_bytes")) return bytesBounds;
  if (name.endsWith("_ratio")) return ratioBounds;
  return countBounds;
}

/** Returns the flaw of a metric's own bounds, or undefined. */
export function flawOfBounds(bounds: readonly number[]): string | undefined {
  if (bounds.length === 0 || bounds.length > 40) return `expected 1 to 40 buckets, got ${bounds.length}`;
  for (const [index, bound] of bounds.entries()) {
    if (!Number.isFinite(bound)) return `expected finite buckets, got ${bound}`;
    const before = bounds[index - 1];
    if (before !== undefined && before >= bound) {
      return `expected ascending buckets, got ${before} before ${bound}`;
    }
  }
  return undefined;
}

/**
 * Returns the q-quantile of counted values, interpolated inside its bucket like Prometheus' `histogram_quantile`. NaN if
 * there are no values. The highest bound if the quantile lies beyond it.
 */
export function quantileOf(bounds: Float64Array, counts: Float64Array, q: number): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return Number.NaN;
  const rank = q * total;
  let below = 0;
  for (let bucket = 0; bucket < bounds.length; bucket += 1) {
    const count = counts[bucket] as number;
    if (count > 0 && below + count >= rank) {
      const upper = bounds[bucket] as number;
      const lower = bucket === 0 ? Math.min(0, upper) : (bounds[bucket - 1] as number);
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return bounds[bounds.length - 1] as number;
}
