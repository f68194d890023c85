/** Beyond a factor of e to this, it is not worth knowing that a kind takes longer. */
const shiftMost = 5;
const steps = 20;

/**
 * By how much, as a logarithm, a kind of tasks takes longer than was believed, seen from those of it that are running
 * and have not ended: the most probable, where the kind may lie `between` (a variance) off, and single ones differ
 * `within` (a deviation) as a logistic curve does. Those that end first are the short ones, so a learner of ends alone
 * believes the kind to be shorter than it is.
 *
 * `elapsed` are logarithms of time running over time believed. Never below 0: that something has not ended yet makes
 * nothing shorter.
 */
export function latenessOf(elapsed: readonly number[], between: number, within: number): number {
  const shape = Math.PI / (Math.sqrt(3) * within);
  // How much more probable a little more would be: falls with the shift, so there is one place where it is 0.
  const slope = (shift: number) => {
    let sum = -shift / between;
    for (const each of elapsed) sum += shape / (1 + Math.exp(-shape * (each - shift)));
    return sum;
  };
  let [low, high] = [0, shiftMost];
  for (let step = 0; step < steps; step++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}
