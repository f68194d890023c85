import type { JournalPartition } from "../port.ts";
import type { LocatedBatches } from "../segments/located.ts";

/** Where the batches that are to be packed come from: the journal's partitions of the archive's service. */
export type BatchSource = (partition: number) => Pick<JournalPartition, "read"> & {
  /**
   * Where some of the batches from one number on lie, so that the archive's thread reads them itself. Undefined where
   * it cannot. They have to stay until they are packed, which they do: they are not cut before.
   */
  locate?(from: number, upTo: number): LocatedBatches | undefined;
};
