/** The contracts that routes go to, by the names that the table has them under. */
import { agentPollService } from "@tutti/contracts/agent/v1";
import {
  admissionService,
  auditService,
  identityService,
  namespaceService,
  policyService,
  secretService,
} from "@tutti/contracts/governance/v1";
import { alertService, analysisService, factService, metricService } from "@tutti/contracts/insight/v1";
import { adviceService, estimateService, planningService } from "@tutti/contracts/intelligence/v1";
import { componentService, registryService } from "@tutti/contracts/registry/v1";
import type { RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";
import { runtimeService } from "@tutti/contracts/runtime/v1";
import { lockService, resourceService, sessionService } from "@tutti/contracts/session/v1";
import {
  agentService,
  boardService,
  hookService,
  inboxService,
  missionService,
  poolService,
  scalerService,
} from "@tutti/contracts/swarm/v1";
import {
  bulkService,
  cacheService,
  definitionService,
  limitService,
  objectService,
  runService,
  scheduleService,
  taskService,
  triggerService,
} from "@tutti/contracts/workflow/v1";
import type { CallOptions, Mesh } from "@tutti/mesh";

export const contracts: ReadonlyMap<string, ServiceDescription> = new Map(
  [
    admissionService,
    adviceService,
    agentPollService,
    agentService,
    alertService,
    auditService,
    boardService,
    bulkService,
    cacheService,
    definitionService,
    estimateService,
    analysisService,
    factService,
    metricService,
    planningService,
    hookService,
    inboxService,
    identityService,
    limitService,
    lockService,
    resourceService,
    missionService,
    namespaceService,
    objectService,
    policyService,
    poolService,
    componentService,
    registryService,
    runService,
    runtimeService,
    scalerService,
    scheduleService,
    secretService,
    sessionService,
    taskService,
    triggerService,
  ].map((contract: ServiceDescription) => [contract.name, contract]),
);

type Message = Readonly<Record<string, unknown>>;

/** An rpc as a route calls it. Its plan knows the types of request and reply. */
export interface Called {
  readonly rpc: RpcDescription<unknown, unknown>;
  readonly unary: (request: unknown, options: CallOptions) => Promise<Message>;
  readonly many: (request: unknown, options: CallOptions) => AsyncIterableIterator<Message>;
}

/** Returns the call of an rpc such as `tutti.workflow.v1.RunService/StartRun`. */
export function calledBy(mesh: Pick<Mesh, "client">, name: string, service: string | undefined): Called {
  const [contract = "", method = ""] = name.split("/");
  const description = contracts.get(contract);
  const [key, rpc] =
    Object.entries(description?.methods ?? {}).find(([, candidate]) => candidate.name === method) ?? [];
  if (description === undefined || key === undefined || rpc === undefined)
    throw new Error(`expected an rpc of the contracts, got ${name}: add its contract to the list`);
  // Typed clients are for callers who know the rpc. Here the plan of the route does.
  const client = mesh.client(description, { service }) as Readonly<Record<string, unknown>>;
  const call = client[key] as Called["unary"] & Called["many"];
  return { rpc, unary: call, many: call };
}
