/**
 * An unknown number that is observed only in sums with others: its estimate and uncertainty. An observation
 * of the sum moves each part in proportion to its uncertainty (a Kalman filter that keeps no covariances:
 * with few parts per sum and observations that vary them, what that loses is not worth a matrix).
 */
export class Latent {
  mean: number;
  variance: number;

  constructor(mean: number, variance: number) {
    this.mean = mean;
    this.variance = variance;
  }

  clone(): Latent {
    return new Latent(this.mean, this.variance);
  }
}

/** A part of a sum, with a weight. */
export interface Part {
  readonly latent: Latent;
  readonly weight: number;
}

/** Returns the sum of the parts. */
export function sumOf(parts: readonly Part[]): { readonly mean: number; readonly variance: number } {
  let mean = 0;
  let variance = 0;
  for (const { latent, weight } of parts) {
    mean += latent.mean * weight;
    variance += latent.variance * weight * weight;
  }
  return { mean, variance };
}

/** Updates the parts with an observed sum with `noise` (a variance). Returns the deviation. */
export function observe(parts: readonly Part[], observed: number, noise: number): number {
  const { mean, variance } = sumOf(parts);
  const surprise = observed - mean;
  for (const { latent, weight } of parts) {
    const gain = (latent.variance * weight) / (variance + noise);
    latent.mean += gain * surprise;
    latent.variance *= 1 - gain * weight;
  }
  return surprise;
}
