/** The state of a regression: `new Regression(size, state)` continues from there. */
export interface RegressionState {
  readonly inverse: readonly number[];
  readonly sums: readonly number[];
}

/**
 * A linear function of features, learned one case at a time by ridge regression. The formula of Sherman and
 * Morrison keeps the inverse up to date. The prior of weights is 0 with a deviation of 1, and the noise of a
 * case is 1. Callers scale their values accordingly.
 */
export class Regression {
  readonly #size: number;
  readonly #inverse: Float64Array;
  readonly #sums: Float64Array;

  constructor(size: number, state?: RegressionState) {
    this.#size = size;
    this.#inverse = new Float64Array(size * size);
    this.#sums = new Float64Array(size);
    if (state !== undefined && state.sums.length === size && state.inverse.length === size * size) {
      this.#inverse.set(state.inverse);
      this.#sums.set(state.sums);
    } else for (let at = 0; at < size; at++) this.#inverse[at * size + at] = 1;
  }

  expected(features: ArrayLike<number>): number {
    return dot(this.#times(this.#sums), features);
  }

  /** Returns the deviation of the prediction, without the noise of single cases. */
  deviation(features: ArrayLike<number>): number {
    return Math.sqrt(Math.max(0, dot(this.#times(features), features)));
  }

  learn(features: ArrayLike<number>, observed: number): void {
    const turned = this.#times(features);
    const scale = 1 + dot(turned, features);
    for (let row = 0; row < this.#size; row++) {
      for (let column = 0; column < this.#size; column++) {
        const at = row * this.#size + column;
        this.#inverse[at] = (this.#inverse[at] ?? 0) - ((turned[row] ?? 0) * (turned[column] ?? 0)) / scale;
      }
      this.#sums[row] = (this.#sums[row] ?? 0) + observed * (features[row] ?? 0);
    }
  }

  snapshot(): RegressionState {
    return { inverse: Array.from(this.#inverse), sums: Array.from(this.#sums) };
  }

  #times(vector: ArrayLike<number>): Float64Array {
    const product = new Float64Array(this.#size);
    for (let row = 0; row < this.#size; row++) {
      let sum = 0;
      for (let column = 0; column < this.#size; column++)
        sum += (this.#inverse[row * this.#size + column] ?? 0) * (vector[column] ?? 0);
      product[row] = sum;
    }
    return product;
  }
}

function dot(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}
