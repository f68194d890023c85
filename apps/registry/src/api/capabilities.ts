import type {
  FindCapabilitiesReply,
  FindCapabilitiesRequest,
  GetCapabilityMapReply,
  GetCapabilityMapRequest,
} from "@tutti/contracts/registry/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
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
  request: GetCapabilityMapRequest,
): GetCapabilityMapReply {
  const { prefix, page } = request;
  const namespace = namespaceOf(request);
  const names = offers.names(namespace, prefix);
  const list = ["capabilities", namespace, prefix];
  const { items, nextToken } = pageOf(names, { list, keyOf: (name) => name }, page);
  return {
    capabilities: items.map((name) => offers.entry(namespace, name)),
    page: { nextToken, total: names.length },
  };
}
