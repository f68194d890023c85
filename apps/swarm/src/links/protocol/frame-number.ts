/** Numbers of frames: from 1 without gaps. The maximum is followed by 1. 0 means none yet. */

const numbers = 0xffff_ffff;

export function nextNumber(number: number): number {
  return number === numbers ? 1 : number + 1;
}

/** Returns how many steps lead from one number to another, going forward. 0 to `numbers - 1`. */
export function stepsBetween(from: number, to: number): number {
  const steps = placeOf(to) - placeOf(from);
  return steps < 0 ? steps + numbers : steps;
}

/** Returns whether a number is after another rather than before it. Few frames are in flight. */
export function isAfter(number: number, other: number): boolean {
  const steps = stepsBetween(other, number);
  return steps > 0 && steps < numbers / 2;
}

/** Returns the position of a number. 0, none yet, has that of the maximum: before 1. */
function placeOf(number: number): number {
  return number === 0 ? numbers : number;
}
