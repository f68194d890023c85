/** A data directory that no process has, as input for the checks of services. */
import type { VerifiedPartition } from "@tutti/journal";
import { fileDisk, LogReader } from "@tutti/journal/log";
import type { DataLayout } from "../layout.ts";

export interface InspectedData {
  readonly directory: string;
  /** End of each journal. Empty if the journal is damaged. */
  readonly partitions: readonly VerifiedPartition[];
  /**
   * Passes the records of a service, batch by batch. None if the journal is damaged. The bytes are only valid until `visit`
   * returns.
   */
  readJournal(service: string, visit: (records: Uint8Array) => void): void;
}

/** @param partitions of a verified journal */
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
        // It was verified, so reading stops at its end.
      } finally {
        reader.close();
      }
    },
  };
}
