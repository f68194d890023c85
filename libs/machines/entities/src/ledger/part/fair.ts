import type { QuotaPart } from "@tutti/contracts/session/v1";

/**
 * Returns the fair part of one claimant with a demand, among claimants that demand more than they have. No
 * claimant gets more than its demand. The rest is divided evenly.
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
