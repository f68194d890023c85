import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Handlers } from "@tutti/mesh";
import type { Effects } from "@tutti/runtime";
import type { HostContext, ServiceModule } from "../service-module.ts";
import type { ServiceStorage } from "../storage/service-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { runtimeHandlers } from "./handlers.ts";
import { type Hosting, join } from "./host-runtime.ts";
import { searchIndex } from "./index/search-index.ts";
import { CurrentIndex, WholeIndex } from "./index/whole-index.ts";
import { machineHandlers } from "./machines/handlers.ts";
import { listPauses, releasePartition } from "./pause/own-pauses.ts";
import { getPause, releaseWork } from "./pause/whole-pause.ts";

export type HostMachines = typeof hostMachines;

/** What the machines of a service run on, made part of its process. All of the contract is served. */
export function hostMachines(
  service: string,
  machines: NonNullable<ServiceModule["machines"]>,
  storage: Storage,
  effects: Effects,
  hosting: Pick<HostContext, keyof Hosting | "holds">,
): ServiceStorage {
  const { runtime, archive: kept, journals } = storage.host(service, machines, effects);
  join(hosting, runtime);
  const { partitionOwner, mesh, foundation, holds } = hosting;
  const archive = new CurrentIndex(runtime, kept, foundation);
  const own = { runtime, archive, journals, machines, partitionOwner, foundation, holds };
  const peers = mesh.client(runtimeService, { service });
  const index = storage.isShared ? new WholeIndex({ runtime, partitionOwner, own: archive, peers }) : archive;
  const pauses = { runtime, partitionOwner, mesh };
  const handlers = {
    ...runtimeHandlers(own),
    ...machineHandlers({ ...own, archive: index }),
    searchIndex: (request, context) => searchIndex(own, request, context),
    getPause: (_, context) => getPause(pauses, context),
    releaseWork: (request, context) => releaseWork(pauses, request, context),
    listPauses: (request, context) => listPauses(pauses, request, context),
    releasePartition: (request, context) => releasePartition(pauses, request, context),
  } satisfies Handlers<typeof runtimeService>;
  mesh.serve(runtimeService, handlers, { service });
  return { runtime, archive: index, blobs: () => storage.blobs };
}
