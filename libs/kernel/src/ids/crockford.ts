/**
 * Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read out. The characters sort like their
 * numbers.
 */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Two digits for each number below 1024: half the work of one digit at a time. */
const pairs: readonly string[] = Array.from(
  { length: 1024 },
  (_, number) => alphabet.charAt(number >>> 5) + alphabet.charAt(number & 31),
);

/** Returns the last 10 bits of a number as two digits. */
export function twoDigits(number: number): string {
  return `${pairs[number & 1023]}`;
}

/** Returns the last 20 bits of a number as four digits. */
export function fourDigits(number: number): string {
  return `${pairs[(number >>> 10) & 1023]}${pairs[number & 1023]}`;
}

/** Returns the number of these digits, exact up to ten of them. */
export function numberOf(digits: string): number {
  let number = 0;
  for (const digit of digits) number = number * 32 + alphabet.indexOf(digit);
  return number;
}
