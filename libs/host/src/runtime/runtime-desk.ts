import type { Foundation } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { Steward } from "@tutti/runtime/ownership";

/** What the handlers about a service's partitions ask. */
export interface RuntimeDesk {
  readonly runtime: RuntimeOfService;
  readonly steward: Steward;
  readonly foundation: Pick<Foundation, "timers">;
}
