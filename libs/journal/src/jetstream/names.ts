import type { PartitionName } from "../port.ts";

export const streamOf = ({ service, partition }: PartitionName): string =>
  `TUTTI_JOURNAL_${service}_${partition}`;

/** Seals have a separate subject, so that a seal can expect another seal to be the last. */
export function subjectsOf({ service, partition }: PartitionName) {
  const root = `tutti.journal.${service}.${partition}`;
  return { batches: `${root}.batches`, seals: `${root}.seals` };
}
