/** Maximum of the logarithm: a larger shift is not worth knowing. */
const shiftMost = 5;
const steps = 20;

/**
 * Returns by how much, as a logarithm, a kind of tasks takes longer than expected. It is computed from its
 * running tasks, as the most probable shift. The kind may lie `between` (a variance) off, and single tasks
 * differ `within` (a deviation) in a logistic distribution. The first tasks to end are the short ones, so
 * learning from ends alone underestimates the kind.
 *
 * `elapsed` are logarithms of the elapsed time over the expected time. The result is never below 0:
 * unfinished tasks make nothing shorter.
 */
export function latenessOf(elapsed: readonly number[], between: number, within: number): number {
  const shape = Math.PI / (Math.sqrt(3) * within);
  // The derivative of the log probability. It falls with the shift, so it has one zero.
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
