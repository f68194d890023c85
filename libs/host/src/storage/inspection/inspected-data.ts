/** A data directory that no process has, as services look at it. */
import type { VerifiedPartition } from "@tutti/journal";
import { fileDisk, LogReader } from "@tutti/journal/log";
import type { DataLayout } from "../layout.ts";

export interface InspectedData {
  readonly directory: string;
  /** How far each journal goes. None where the journal is damaged. */
  readonly partitions: readonly VerifiedPartition[];
  /** Hands over the records of a service, batch by batch. Nothing where the journal is damaged. */
  readJournal(service: string, visit: (records: Uint8Array) => void): void;
}

/** @param partitions of a journal that was verified */
export function inspectedData(
  { directory, journal }: DataLayout,
  partitions: readonly VerifiedPartition[],
): InspectedData {
  return {
    directory,
    partitions,
    readJournal(service, visit) {
      if (partitions.length === 0) return;
      const reader = new LogReader(fileDisk(journal, "read"));
      const end = { segment: Number.MAX_SAFE_INTEGER, offset: 0 };
      try {
        reader.read(end, (partition, { records }) => {
          if (partition.service === service) visit(records);
        });
      } catch {
        // It was verified: what it stops at is its end.
      } finally {
        reader.close();
      }
    },
  };
}
