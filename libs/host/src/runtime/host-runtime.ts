import { runtimeService } from "@tutti/contracts/runtime/v1";
import { assert } from "@tutti/kernel";
import type { Effects, RuntimeOfService } from "@tutti/runtime";
import type { HostContext, ServiceModule } from "../service-module.ts";
import type { ServiceStorage } from "../storage/service-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { runtimeHandlers } from "./handlers.ts";
import { machineHandlers } from "./machines/handlers.ts";

type Hosting = Pick<HostContext, "steward" | "delivery" | "mesh" | "foundation">;

const { deliver, watchOwnership, listPartitions } = runtimeService.methods;
/** What is served where there is nothing but a runtime; whoever calls the rest is told that it is not served. */
const served = { ...runtimeService, methods: { deliver, watchOwnership, listPartitions } };

/** Makes a runtime part of its process: its partitions are owned, letters reach it, and its contract is served. */
export function hostRuntime(hosting: Hosting, runtime: RuntimeOfService): void {
  join(hosting, runtime);
  const { steward, mesh, foundation } = hosting;
  mesh.serve(served, runtimeHandlers({ runtime, steward, foundation }), { service: runtime.service });
}

/** What the machines of a service run on, made part of its process; all of the contract is served. */
export function hostMachines(
  { name, machines }: ServiceModule,
  storage: Storage | undefined,
  effects: Effects,
  hosting: Hosting,
): ServiceStorage {
  assert(machines !== undefined && storage !== undefined, "who asks for storage names its machines", {
    service: name,
  });
  const hosted = storage.host(name, machines, effects);
  const { runtime, archive, journals } = hosted;
  join(hosting, runtime);
  const { steward, mesh, foundation } = hosting;
  const desk = { runtime, archive, journals, machines, steward, foundation };
  const handlers = { ...runtimeHandlers(desk), ...machineHandlers(desk) };
  mesh.serve(runtimeService, handlers, { service: name });
  return { runtime, archive, blobs: () => storage.blobs };
}

function join({ steward, delivery }: Hosting, runtime: RuntimeOfService): void {
  steward.host(runtime);
  delivery.receive(runtime.service, {
    holds: (partition) => steward.holds(runtime.service, partition),
    take: (partition, batch) => runtime.take(partition, batch),
  });
}
