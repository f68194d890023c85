import type { JournalPartition } from "../port.ts";

/** Where the batches that are to be packed come from: the journal's partitions of the archive's service. */
export type BatchSource = (partition: number) => Pick<JournalPartition, "read">;
