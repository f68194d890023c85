import type { Archive, Blobs } from "@tutti/journal";
import type { Runtime } from "@tutti/runtime";

/** What a service that hosts machines is given. */
export interface ServiceStorage {
  /** Takes commands for them, answers questions about them. */
  readonly runtime: Runtime;
  /** What lists and searches are answered from. */
  readonly archive: Pick<Archive, "search">;
  /** Large content. There once the service starts. */
  readonly blobs: () => Blobs;
}
