import { join } from "node:path";

/** Where things are in a data directory. */
export interface DataLayout {
  readonly directory: string;
  /** What it was made as: how many partitions, by which release. */
  readonly about: string;
  /** Where callers that may read the directory ask the process that has it. */
  readonly door: string;
  readonly journal: string;
  /** One folder per service. */
  readonly archives: string;
  readonly blobs: string;
  /** The book of the audit, where this process keeps one. */
  readonly auditBook: string;
  archiveOf(service: string): string;
}

export function layoutOf(directory: string): DataLayout {
  const archives = join(directory, "archive");
  return {
    directory,
    about: join(directory, "data.json"),
    door: join(directory, "door.json"),
    journal: join(directory, "journal"),
    archives,
    blobs: join(directory, "blobs"),
    auditBook: join(directory, "audit", "book.sqlite"),
    archiveOf: (service) => join(archives, service),
  };
}
