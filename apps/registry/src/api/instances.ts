import type {
  FindInstancesReply,
  FindInstancesRequest,
  GetInstanceReply,
  GetInstanceRequest,
  Instance,
  ListServicesReply,
  ListServicesRequest,
  ServiceSummary,
} from "@tutti/contracts/registry/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import { acceptsCalls, healthOf } from "@tutti/host/serving";
import { labelsMatch, pageOf } from "@tutti/kernel";
import type { Directory } from "../directory/directory.ts";
import { weightOf } from "../directory/weight.ts";
import { registryErrors } from "../errors.ts";
import type { Answering } from "./dependencies.ts";

export function getInstance(directory: Directory, { instanceId }: GetInstanceRequest): GetInstanceReply {
  const instance = directory.get(instanceId);
  if (instance === undefined) throw registryErrors.instanceUnknown({ instance: instanceId });
  return { instance };
}

export function findInstances(
  { directory, complete }: Answering,
  request: FindInstancesRequest,
): FindInstancesReply {
  const { capability, labels, health } = request;
  const found = [...directory.instances(request.service)].filter(
    (instance) =>
      labelsMatch(instance.labels, labels) &&
      (health.length === 0 || health.includes(healthOf(instance))) &&
      (capability === undefined ||
        directory.offers.offers(instance.id, capability.namespace, capability.name, capability.versionRange)),
  );
  const sorted = found
    .map((instance) => ({ key: `${instance.service}/${instance.id}`, instance }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const { items, nextToken } = pageOf(
    sorted,
    {
      list: ["instances", ...conditionsOf(request)],
      keyOf: ({ key }) => key,
      weightOf: ({ instance }) => weightOf(instance),
    },
    request.page,
  );
  return {
    instances: items.map(({ instance }) => instance),
    page: { nextToken, total: found.length },
    complete,
  };
}

/** Returns the conditions of a request, the same for any order of the map. */
function conditionsOf({ service, capability, labels, health }: FindInstancesRequest): readonly unknown[] {
  const requestedCapability = capability && [
    namespaceOf(capability),
    capability.name,
    capability.versionRange,
  ];
  const selected = labels && [
    Object.entries(labels.equals).sort(),
    labels.exists.toSorted(),
    labels.absent.toSorted(),
  ];
  return [service, requestedCapability, selected, health.toSorted()];
}

export function listServices(directory: Directory, { page }: ListServicesRequest): ListServicesReply {
  const names = directory.services();
  const { items, nextToken } = pageOf(names, { list: ["services"], keyOf: (name) => name }, page);
  return {
    services: items.map((name) => summary(name, [...directory.instances(name)])),
    page: { nextToken, total: names.length },
  };
}

function summary(name: string, instances: readonly Instance[]): ServiceSummary {
  const versions = new Set(instances.map(({ version }) => version).filter((version) => version !== ""));
  return {
    name,
    instances: instances.length,
    ready: instances.filter(acceptsCalls).length,
    versions: [...versions].sort(),
  };
}
