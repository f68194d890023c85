/**
 * A number that cannot be seen itself, only in sums with others: what is believed of it, and how surely. An observation
 * of the sum moves each part by as much as it was unsure (a Kalman filter that keeps no covariances: with few parts per
 * sum and observations that vary them, what that loses is not worth a matrix).
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

/** A part of a sum: it counts `weight` times. */
export interface Part {
  readonly latent: Latent;
  readonly weight: number;
}

/** What the parts say together. */
export function sumOf(parts: readonly Part[]): { readonly mean: number; readonly variance: number } {
  let mean = 0;
  let variance = 0;
  for (const { latent, weight } of parts) {
    mean += latent.mean * weight;
    variance += latent.variance * weight * weight;
  }
  return { mean, variance };
}

/** Takes in what the sum was, seen through `noise` (a variance). Gives by how much it was other than expected. */
export function observe(parts: readonly Part[], seen: number, noise: number): number {
  const { mean, variance } = sumOf(parts);
  const surprise = seen - mean;
  for (const { latent, weight } of parts) {
    const gain = (latent.variance * weight) / (variance + noise);
    latent.mean += gain * surprise;
    latent.variance *= 1 - gain * weight;
  }
  return surprise;
}
