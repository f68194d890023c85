import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { RuntimeOfService } from "@tutti/runtime";
import type { HostContext } from "../service-module.ts";
import { runtimeHandlers } from "./handlers.ts";

type Hosting = Pick<HostContext, "steward" | "delivery" | "mesh" | "foundation">;

const { deliver, watchOwnership, listPartitions } = runtimeService.methods;
/** What is served of the contract so far; whoever calls the rest is told that it is not served. */
const served = { ...runtimeService, methods: { deliver, watchOwnership, listPartitions } };

/** Makes a runtime part of its process: its partitions are owned, letters reach it, and its contract is served. */
export function hostRuntime(
  { steward, delivery, mesh, foundation }: Hosting,
  runtime: RuntimeOfService,
): void {
  const { service } = runtime;
  steward.host(runtime);
  delivery.receive(service, {
    holds: (partition) => steward.holds(service, partition),
    take: (partition, batch) => runtime.take(partition, batch),
  });
  mesh.serve(served, runtimeHandlers({ runtime, steward, foundation }), { service });
}
