import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { RuntimeOfService } from "@tutti/runtime";
import type { HostContext } from "../service-module.ts";
import { runtimeHandlers } from "./handlers.ts";

export type Hosting = Pick<HostContext, "partitionOwner" | "delivery" | "mesh" | "foundation">;

const { deliver, watchOwnership, listPartitions } = runtimeService.methods;
/** What is served where there is nothing but a runtime. Calls to the rest are answered with "not served". */
const served = { ...runtimeService, methods: { deliver, watchOwnership, listPartitions } };

/** Makes a runtime part of its process: its partitions are owned, messages reach it, and its contract is served. */
export function hostRuntime(hosting: Hosting, runtime: RuntimeOfService): void {
  join(hosting, runtime);
  const { partitionOwner, mesh, foundation } = hosting;
  mesh.serve(served, runtimeHandlers({ runtime, partitionOwner, foundation }), { service: runtime.service });
}

/** Its partitions are owned from now on, and messages to them come in. */
export function join({ partitionOwner, delivery }: Hosting, runtime: RuntimeOfService): void {
  partitionOwner.host(runtime);
  delivery.receive(runtime.service, {
    holds: (partition) => partitionOwner.holds(runtime.service, partition),
    receive: (partition, batch) => runtime.receive(partition, batch),
  });
}
