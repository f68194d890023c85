import type {
  FindCapabilitiesReply,
  FindCapabilitiesRequest,
  GetCapabilityMapReply,
  GetCapabilityMapRequest,
} from "@tutti/contracts/registry/v1";
import { pageOf } from "@tutti/kernel";
import type { Directory } from "../directory/directory.ts";

export function findCapabilities(
  { offers }: Directory,
  request: FindCapabilitiesRequest,
): FindCapabilitiesReply {
  return { versions: offers.find(request) };
}

export function getCapabilityMap(
  { offers }: Directory,
  { namespace, prefix, page }: GetCapabilityMapRequest,
): GetCapabilityMapReply {
  const names = offers.names(namespace, prefix);
  const { items, nextToken } = pageOf(names, (name) => name, page);
  return {
    capabilities: items.map((name) => offers.entry(namespace, name)),
    page: { nextToken, total: names.length },
  };
}
