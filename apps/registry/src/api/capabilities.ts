import type {
  CapabilityEntry,
  FindCapabilitiesReply,
  FindCapabilitiesRequest,
  GetCapabilityMapReply,
  GetCapabilityMapRequest,
} from "@tutti/contracts/registry/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import { pageOf } from "@tutti/kernel";
import type { Directory } from "../directory/directory.ts";
import { getOrCreate } from "../directory/get-or-create.ts";
import { weightOfVersions } from "../directory/weight.ts";
import type { Answering } from "./dependencies.ts";

export function findCapabilities(
  { directory, complete }: Answering,
  request: FindCapabilitiesRequest,
): FindCapabilitiesReply {
  return { versions: directory.offers.find(request), complete };
}

export function getCapabilityMap(
  { offers }: Directory,
  request: GetCapabilityMapRequest,
): GetCapabilityMapReply {
  const { prefix, page } = request;
  const namespace = namespaceOf(request);
  const names = offers.names(namespace, prefix);
  const list = ["capabilities", namespace, prefix];
  const entries = new Map<string, CapabilityEntry>();
  const entryOf = (name: string) => getOrCreate(entries, name, () => offers.entry(namespace, name));
  const weightOf = (name: string) => weightOfVersions(entryOf(name).versions);
  const { items, nextToken } = pageOf(names, { list, keyOf: (name) => name, weightOf }, page);
  return { capabilities: items.map(entryOf), page: { nextToken, total: names.length } };
}
