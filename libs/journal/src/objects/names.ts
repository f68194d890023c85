import type { PartitionName } from "../port.ts";

/** The log of a partition of the archive: a separate stream. */
export const logOf = ({ service, partition }: PartitionName): { stream: string; subject: string } => ({
  stream: `TUTTI_ARCHIVE_${service}_${partition}`,
  subject: `tutti.archive.log.${service}.${partition}`,
});

/** The objects of all partitions of a service. */
export const objectsOf = (service: string): { stream: string; root: string } => ({
  stream: `TUTTI_ARCHIVE_${service}`,
  root: `tutti.archive.objects.${service}`,
});

export const blobsOf = (store: string): { stream: string; root: string } => ({
  stream: `TUTTI_BLOBS_${store}`,
  root: `tutti.blobs.${store}`,
});
