import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { RuntimeOfService } from "@tutti/runtime";
import type { HostContext } from "../service-module.ts";
import { runtimeHandlers } from "./handlers.ts";

export type Hosting = Pick<HostContext, "partitionOwner" | "delivery" | "mesh" | "foundation">;

const { deliver, watchOwnership, listPartitions } = runtimeService.methods;
/** The served part of the contract if there is only a runtime. Other calls get "not served". */
const served = { ...runtimeService, methods: { deliver, watchOwnership, listPartitions } };

/** Adds a runtime to its process: its partitions are owned, messages reach it, and its contract is served. */
export function hostRuntime(hosting: Hosting, runtime: RuntimeOfService): void {
  join(hosting, runtime);
  const { partitionOwner, mesh, foundation } = hosting;
  mesh.serve(served, runtimeHandlers({ runtime, partitionOwner, foundation }), { service: runtime.service });
}

/** Makes its partitions owned and delivers messages to them from now on. */
export function join({ partitionOwner, delivery }: Hosting, runtime: RuntimeOfService): void {
  partitionOwner.host(runtime);
  delivery.receive(runtime.service, {
    holds: (partition) => partitionOwner.owns(runtime.service, partition),
    receive: (partition, batch) => runtime.receive(partition, batch),
  });
}
