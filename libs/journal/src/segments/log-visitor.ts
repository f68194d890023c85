import type { JournalBatch, PartitionName } from "../port.ts";
import type { Frames } from "./frames.ts";

/**
 * Receives each batch of the log in order, which is also the order of each partition. The arguments are views of the
 * bytes that were read: they are valid during the call.
 */
export type LogVisitor = (partition: PartitionName, batch: JournalBatch) => void;

/** Passes the batch of a checked frame, whose partition is therefore in the table. */
export function visitFrame(frames: Frames, partitions: readonly PartitionName[], visit: LogVisitor): void {
  const name = partitions[frames.partition];
  if (name !== undefined) visit(name, frames.read());
}
