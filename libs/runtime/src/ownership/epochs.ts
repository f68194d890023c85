/**
 * Number of journal epochs per epoch of the table. An owner seals its journal again after every unknown outcome, each
 * time under a newer epoch. A process that was disconnected and still believes to be the owner must never find an epoch
 * newer than its successor's. So each epoch of the table has a range of journal epochs. An owner seals within its
 * range, and an owner that finds a seal from a later range has lost the partition.
 */
export const epochRoom = 2 ** 26;

/** Returns the first journal epoch of an epoch of the table. */
export function journalEpochOf(tableEpoch: number): number {
  return tableEpoch * epochRoom;
}

/** Returns the epoch of the table that a journal epoch belongs to. */
export function tableEpochOf(journalEpoch: number): number {
  return Math.floor(journalEpoch / epochRoom);
}
