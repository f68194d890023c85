import type { Archive, Blobs } from "@tutti/journal";
import type { Runtime } from "@tutti/runtime";

/** The storage of a service that hosts machines. */
export interface ServiceStorage {
  /** Executes commands on machines, and answers questions. */
  readonly runtime: Runtime;
  /** The index for lists and searches. */
  readonly archive: Pick<Archive, "search">;
  /** Returns large content. Available once the service starts. */
  readonly blobs: () => Blobs;
}
