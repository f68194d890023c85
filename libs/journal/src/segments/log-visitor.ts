import type { JournalBatch, PartitionName } from "../port.ts";
import type { Frames } from "./frames.ts";

/**
 * Takes each batch of the log in its order, which is that of each partition. What it is handed are views of what was
 * read: they are valid during the call.
 */
export type LogVisitor = (partition: PartitionName, batch: JournalBatch) => void;

/** Hands over the batch of a frame that was checked: so its partition is in the table. */
export function handOver(frames: Frames, partitions: readonly PartitionName[], visit: LogVisitor): void {
  const name = partitions[frames.partition];
  if (name !== undefined) visit(name, frames.read());
}
