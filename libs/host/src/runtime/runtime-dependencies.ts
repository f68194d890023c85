import type { Foundation } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** What the handlers about a service's partitions ask. */
export interface RuntimeDependencies {
  readonly runtime: RuntimeOfService;
  readonly partitionOwner: PartitionOwner;
  readonly foundation: Pick<Foundation, "timers">;
}
