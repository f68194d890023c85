import { join } from "node:path";

/** Paths in a data directory. */
export interface DataLayout {
  readonly directory: string;
  /** Metadata: number of partitions, release. */
  readonly about: string;
  /** Port and secret for callers that may read the directory. */
  readonly backupEndpoint: string;
  readonly journal: string;
  /** One folder per service. */
  readonly archives: string;
  readonly blobs: string;
  /** The audit log, if this process has one. */
  readonly auditLog: string;
  archiveOf(service: string): string;
}

export function layoutOf(directory: string): DataLayout {
  const archives = join(directory, "archive");
  return {
    directory,
    about: join(directory, "data.json"),
    backupEndpoint: join(directory, "door.json"),
    journal: join(directory, "journal"),
    archives,
    blobs: join(directory, "blobs"),
    auditLog: join(directory, "audit", "book.sqlite"),
    archiveOf: (service) => join(archives, service),
  };
}
