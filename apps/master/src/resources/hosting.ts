/** Registers the parts of resources in this service. */
import { resourceService, sessionService } from "@tutti/contracts/session/v1";
import { poolService } from "@tutti/contracts/swarm/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import type { Orchestrator } from "@tutti/kernel";
import { ledger } from "@tutti/machine-entities/ledger";
import { Claims } from "./claims.ts";
import { resourceHandlers } from "./handlers.ts";

export const resourceMachines = [ledger];

export function hostResources(
  { name: service }: Pick<Orchestrator, "name">,
  { mesh, partitionOwner, foundation }: Pick<HostContext, "mesh" | "partitionOwner" | "foundation">,
  { runtime, archive }: Pick<ServiceStorage, "runtime" | "archive">,
): void {
  const dependencies = {
    runtime,
    archive,
    partitionOwner,
    foundation,
    claims: new Claims(foundation.clock),
    pools: mesh.client(poolService),
    sessions: mesh.client(sessionService, { service }),
    resources: mesh.client(resourceService, { service }),
  };
  mesh.serve(resourceService, resourceHandlers(dependencies), { service });
}
