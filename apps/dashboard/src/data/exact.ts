/** Whole numbers beyond 2^53 are bigints in the page, so that an id of nineteen digits is shown and sent as it is. */
import { parseExactly } from "@tutti/expressions";

export { parseExactly };

// The page writes JSON in many places: text to copy, commands, bodies of calls, keys of its cache.
Object.assign(BigInt.prototype, {
  toJSON(this: bigint): object {
    return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(String(this));
  },
});
