/** What the archive is given of a partition. */
import { encodePartition } from "../snapshots/snapshot.ts";
import type { PartitionMemory } from "./memory.ts";

/** Returns the partition itself, as of a batch. */
export function partitionSnapshotOf(memory: PartitionMemory, batch: number): Uint8Array {
  const { self, letters, incarnations, live, quarantined, pause, behaviours } = memory;
  const channels = [...letters.channels];
  return encodePartition({
    batch,
    event: self.event,
    eventBatch: self.lastBatch,
    eventIndex: self.lastIndex,
    incarnations,
    live,
    pause: pause.state,
    behaviours: behaviours.kept,
    letters: channels.flatMap((channel) => channel.letters),
    sent: channels.map(({ service, partition, last }) => ({ service, partition, number: last })),
    taken: letters.takenEnds(),
    quarantined: [...quarantined].map(({ key }) => ({ ...key, task: "" })),
  });
}
