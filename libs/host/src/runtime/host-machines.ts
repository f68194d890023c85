import {
  type ListPausesReply,
  type ListPausesRequest,
  type ReleasePartitionReply,
  type ReleasePartitionRequest,
  runtimeService,
} from "@tutti/contracts/runtime/v1";
import type { CallContext } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";
import type { Effects } from "@tutti/runtime";
import { hostErrors } from "../errors.ts";
import type { HostContext, ServiceModule } from "../service-module.ts";
import type { ServiceStorage } from "../storage/service-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { causeOf } from "./cause.ts";
import { runtimeHandlers } from "./handlers.ts";
import { type Hosting, join } from "./host-runtime.ts";
import { ClusterIndex, CurrentIndex } from "./index/cluster-index.ts";
import { searchIndex } from "./index/search-index.ts";
import { machineHandlers } from "./machines/handlers.ts";
import type { PauseDependencies } from "./pause/dependencies.ts";
import { getPause, releaseWork } from "./pause/installation-pause.ts";

export type HostMachines = typeof hostMachines;

/** Adds the runtime of a service's machines to its process, and serves the whole contract. */
export function hostMachines(
  service: string,
  machines: NonNullable<ServiceModule["machines"]>,
  storage: Storage,
  effects: Effects,
  hosting: Pick<HostContext, keyof Hosting | "holds">,
): ServiceStorage {
  const { runtime, archive: storedArchive, journals } = storage.host(service, machines, effects);
  join(hosting, runtime);
  const { partitionOwner, mesh, foundation, holds } = hosting;
  const archive = new CurrentIndex(
    runtime,
    storedArchive,
    foundation,
    storage.isShared ? undefined : { runtime, partitionOwner },
  );
  const own = { runtime, archive, journals, machines, partitionOwner, foundation, holds };
  const peers = mesh.client(runtimeService, { service });
  const index = storage.isShared
    ? new ClusterIndex({ runtime, partitionOwner, own: archive, peers })
    : archive;
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

/** Returns pauses of the partitions of this process, for other processes of a cluster. */
async function listPauses(
  dependencies: PauseDependencies,
  { partition }: ListPausesRequest,
  context: CallContext,
): Promise<ListPausesReply> {
  await admitted(dependencies, partition, context);
  const { runtime } = dependencies;
  return { partitions: runtime.pauses().map((each) => ({ ...each })), partitionsTotal: runtime.partitions };
}

async function releasePartition(
  dependencies: PauseDependencies,
  { partition, ofNamespace: namespace, share, reason }: ReleasePartitionRequest,
  context: CallContext,
): Promise<ReleasePartitionReply> {
  await admitted(dependencies, partition, context);
  return {
    pause: await dependencies.runtime.release(partition, { namespace, share }, causeOf(context, reason)),
  };
}

async function admitted(
  { runtime: { service, partitions }, partitionOwner }: PauseDependencies,
  partition: number,
  { ownerEpoch = 0, signal }: CallContext,
): Promise<void> {
  if (partition >= partitions) throw hostErrors.noSuchPartition({ service, partition, partitions });
  await partitionOwner.admit(service, partition, { epoch: ownerEpoch, signal });
}
