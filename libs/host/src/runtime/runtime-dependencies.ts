import type { Foundation } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** Dependencies of the handlers about a service's partitions. */
export interface RuntimeDependencies {
  readonly runtime: RuntimeOfService;
  readonly partitionOwner: PartitionOwner;
  readonly foundation: Pick<Foundation, "timers">;
}
