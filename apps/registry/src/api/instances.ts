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
import { pageOf } from "@tutti/kernel";
import { healthOf, labelsMatch, takesCalls } from "../directory/conditions.ts";
import type { Directory } from "../directory/directory.ts";
import { registryErrors } from "../errors.ts";

export function getInstance(directory: Directory, { instanceId }: GetInstanceRequest): GetInstanceReply {
  const instance = directory.get(instanceId);
  if (instance === undefined) throw registryErrors.instanceUnknown({ instance: instanceId });
  return { instance };
}

export function findInstances(directory: Directory, request: FindInstancesRequest): FindInstancesReply {
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
  const { items, nextToken } = pageOf(sorted, ({ key }) => key, request.page);
  return { instances: items.map(({ instance }) => instance), page: { nextToken, total: found.length } };
}

export function listServices(directory: Directory, { page }: ListServicesRequest): ListServicesReply {
  const names = directory.services();
  const { items, nextToken } = pageOf(names, (name) => name, page);
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
    ready: instances.filter(takesCalls).length,
    versions: [...versions].sort(),
  };
}
