/** Whole numbers beyond 2^53 are bigints in the page, so that an id of nineteen digits is shown and sent as it is. */
import { parseExactly } from "@tutti/expressions";

export { parseExactly };

/**
 * Lets `JSON.stringify` write bigints with their digits. The page writes JSON in many places: text to copy, commands,
 * bodies of calls, keys of its cache. Only the page itself calls it.
 */
export function writeBigints(): void {
  Object.assign(BigInt.prototype, {
    toJSON(this: bigint): object {
      return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(String(this));
    },
  });
}
