/** Checks that a book is the one of an anchor. */
import type { Checkpoint } from "@tutti/contracts/governance/v1";
import { sameHash } from "@tutti/policy/audit";
import { auditErrors } from "../errors.ts";

/** The compared fields of a checkpoint. */
export type AnchoredCheckpoint = Pick<Checkpoint, "number" | "rootHash">;

export interface AnchorableBook {
  /** Number of the last checkpoint. 0 before the first. */
  last(): Promise<number>;
  /** Undefined if it does not exist. */
  checkpoint(number: number): Promise<AnchoredCheckpoint | undefined>;
}

/**
 * Throws if the book ends before its anchor, or has another checkpoint under that number.
 * @param location description of the place of the anchor
 */
export async function checkAgainst(
  { number, rootHash }: AnchoredCheckpoint,
  location: string,
  book: AnchorableBook,
): Promise<void> {
  const found = await book.checkpoint(number);
  if (found === undefined) throw auditErrors.bookCut({ where: location, number, last: await book.last() });
  if (!sameHash(found.rootHash, rootHash)) throw auditErrors.bookOther({ where: location, number });
}
