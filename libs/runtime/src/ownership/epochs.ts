/**
 * How the epochs of the table become epochs of the journal. An owner seals its journal again after every unknown
 * outcome, each time under a newer epoch. A process that was away and believes to be the owner still must never find
 * one that is newer than its successor's. So each epoch of the table is a room of journal epochs of its own: an owner
 * seals within its room, and an owner that finds a seal from a later room has lost the partition.
 */
export const epochRoom = 2 ** 26;

/** Returns the first journal epoch of the room of an epoch of the table. */
export function journalEpochOf(tableEpoch: number): number {
  return tableEpoch * epochRoom;
}

/** Returns the epoch of the table in whose room a journal epoch lies. */
export function tableEpochOf(journalEpoch: number): number {
  return Math.floor(journalEpoch / epochRoom);
}
