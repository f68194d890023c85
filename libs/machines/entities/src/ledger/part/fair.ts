import type { QuotaPart } from "@tutti/contracts/session/v1";

/**
 * What one has a right to who wants so much, beside others of which those that are short want more than they have: none
 * gets more than it wants, and what is left of that is divided alike.
 */
export function fairPart(
  limit: number,
  wanted: number,
  others: readonly Pick<QuotaPart, "amount" | "isShort">[],
): number {
  const wishes = others.map(({ amount, isShort }) => (isShort ? Number.POSITIVE_INFINITY : amount));
  let left = limit;
  let count = wishes.length + 1;
  for (const wish of [...wishes, wanted].sort((one, other) => one - other)) {
    const part = Math.min(wish, left / count);
    if (wish === wanted) return part;
    left -= part;
    count--;
  }
  return 0;
}
