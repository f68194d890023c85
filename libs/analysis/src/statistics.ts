/** Distribution-free tests, because durations have long tails. */

/** Returns the value below which this share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * share;
  const low = Math.floor(place);
  const [one = 0, other = one] = [sorted[low], sorted[low + 1]];
  return one + (other - one) * (place - low);
}

export function sortedCopy(values: Iterable<number>): number[] {
  return Float64Array.from(values).sort() as unknown as number[];
}

export function median(values: Iterable<number>): number {
  return quantile(sortedCopy(values), 0.5);
}

/** Returns ranks from 1. Equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to++;
    for (let place = from; place <= to; place++) ranks[order[place] ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

/** Returns how many standard deviations the later values lie above the earlier ones, by their ranks (Mann and Whitney). */
export function rankShift(before: readonly number[], after: readonly number[]): number {
  const [n, m] = [before.length, after.length];
  if (n === 0 || m === 0) return 0;
  const ranks = ranksOf([...before, ...after]);
  let sum = 0;
  for (let index = n; index < n + m; index++) sum += ranks[index] ?? 0;
  return shiftOfRankSum(sum, n, m, tieCorrection(ranks));
}

/** Returns the reduction of the variance of a rank sum by equal values. */
export function tieCorrection(ranks: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  const { length } = ranks;
  let ties = 0;
  for (const count of counts.values()) ties += count ** 3 - count;
  return length < 2 ? 0 : ties / (length * (length - 1));
}

export function shiftOfRankSum(sum: number, n: number, m: number, ties: number): number {
  const expected = (m * (n + m + 1)) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties);
  return variance <= 0 ? 0 : (sum - expected) / Math.sqrt(variance);
}

/** Returns the probability that a standard normal value is at least this far from 0. */
export function chanceOf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const series = [
    1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, factor) => factor + t * sum, 0);
  return t * Math.exp(-x * x - 1.26551223 + t * series);
}

/**
 * Returns the probability of at least `hits` marked values among `drawn`, if `marked` of `total` are marked (Fisher's
 * exact test, one-sided).
 */
export function chanceOfHits(hits: number, drawn: number, marked: number, total: number): number {
  const most = Math.min(drawn, marked);
  let sum = 0;
  for (let count = hits; count <= most; count++) {
    const term = Math.exp(
      logChoose(marked, count) + logChoose(total - marked, drawn - count) - logChoose(total, drawn),
    );
    sum += term;
    if (term < sum * 1e-12) break;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return k < 0 || k > n ? Number.NEGATIVE_INFINITY : logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const logFactorials = [0, 0];

function logFactorial(n: number): number {
  for (let next = logFactorials.length; next <= Math.min(n, 1_000); next++)
    logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next));
  const known = logFactorials[n];
  if (known !== undefined) return known;
  // Stirling's series: exact to ten digits from 1,000 on.
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n);
}
