import type { JournalPartition } from "../port.ts";
import type { LocatedBatches } from "../segments/located.ts";

/** Source of the batches to pack: the journal's partitions of the archive's service. */
export type BatchSource = (partition: number) => Pick<JournalPartition, "read"> & {
  /**
   * Returns the places of some of the batches from one number on, so that the archive's thread reads them itself.
   * Undefined if it cannot. The batches stay until they are packed, because they are not cut before.
   */
  locate?(from: number, upTo: number): LocatedBatches | undefined;
};
