/** Numbers of frames: from 1 without gaps, and after the greatest comes 1 again. 0 stands for none yet. */

const numbers = 0xffff_ffff;

export function nextNumber(number: number): number {
  return number === numbers ? 1 : number + 1;
}

/** Returns how many steps lead from one number to another, going forward. 0 to `numbers - 1`. */
export function stepsBetween(from: number, to: number): number {
  const steps = placeOf(to) - placeOf(from);
  return steps < 0 ? steps + numbers : steps;
}

/** Returns whether a number is one that comes after another rather than before it: what is under way is few. */
export function isAfter(number: number, other: number): boolean {
  const steps = stepsBetween(other, number);
  return steps > 0 && steps < numbers / 2;
}

/** None yet is where the greatest number is: before 1. */
function placeOf(number: number): number {
  return number === 0 ? numbers : number;
}
