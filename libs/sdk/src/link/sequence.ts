/** Numbers of frames: from 1 to 4,294,967,295, and then 1 again. 0 stands for none. */
const numbers = 0xffff_ffff;

export function after(sequence: number): number {
  return sequence === numbers ? 1 : sequence + 1;
}

/** Returns the number of steps forward from one number to another. */
export function stepsTo(from: number, to: number): number {
  if (from === 0) return to;
  const steps = to - from;
  return steps < 0 ? steps + numbers : steps;
}

/** Returns whether a frame with this number was received before. No peer is half the number space behind. */
export function isRepeated(sequence: number, received: number): boolean {
  return received !== 0 && stepsTo(sequence, received) < numbers / 2;
}
