import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Effects } from "@tutti/runtime";
import type { HostContext, ServiceModule } from "../service-module.ts";
import type { ServiceStorage } from "../storage/service-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { runtimeHandlers } from "./handlers.ts";
import { type Hosting, join } from "./host-runtime.ts";
import { machineHandlers } from "./machines/handlers.ts";

export type HostMachines = typeof hostMachines;

/** What the machines of a service run on, made part of its process; all of the contract is served. */
export function hostMachines(
  service: string,
  machines: NonNullable<ServiceModule["machines"]>,
  storage: Storage,
  effects: Effects,
  hosting: Pick<HostContext, keyof Hosting>,
): ServiceStorage {
  const { runtime, archive, journals } = storage.host(service, machines, effects);
  join(hosting, runtime);
  const { steward, mesh, foundation } = hosting;
  const desk = { runtime, archive, journals, machines, steward, foundation };
  const handlers = { ...runtimeHandlers(desk), ...machineHandlers(desk) };
  mesh.serve(runtimeService, handlers, { service });
  return { runtime, archive, blobs: () => storage.blobs };
}
