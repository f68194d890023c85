import type { runService, taskService } from "@tutti/contracts/workflow/v1";
import type { MachineDependencies } from "@tutti/host/serving";
import type { Blobs } from "@tutti/journal";
import type { Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

/** The dependencies of the handlers of bulk actions. */
export interface BulkDependencies extends Pick<MachineDependencies, "archive"> {
  readonly blobs: () => Blobs;
  /** Runs may be anywhere, and each action needs its own permission: calls are in the name of the caller. */
  readonly runs: Client<typeof runService>;
  readonly tasks: Pick<Client<typeof taskService>, "getTask" | "repairTask">;
  readonly foundation: Pick<Foundation, "clock" | "timers">;
  /** Returns the definitions that a version starts runs of, with the hash or the label of their versions. */
  readonly childVersions: (hash: string, namespace: string) => Promise<ReadonlyMap<string, string>>;
}
