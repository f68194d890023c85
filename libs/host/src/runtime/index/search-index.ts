import type { SearchIndexReply, SearchIndexRequest } from "@tutti/contracts/runtime/v1";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { hostErrors } from "../../errors.ts";
import type { MachineDependencies } from "../machines/dependencies.ts";
import { searchedHere } from "./cluster-index.ts";
import { messageOfEntry, searchIn } from "./index-wire.ts";

/** Returns the index of all partitions of this process, including the named one. */
export async function searchIndex(
  { runtime, partitionOwner, archive }: Pick<MachineDependencies, "runtime" | "partitionOwner" | "archive">,
  request: SearchIndexRequest,
  { ownerEpoch = 0, signal }: CallContext,
): Promise<SearchIndexReply> {
  const { service, partitions } = runtime;
  const { partition } = request;
  if (partition >= partitions) throw hostErrors.noSuchPartition({ service, partition, partitions });
  await partitionOwner.admit(service, partition, { epoch: ownerEpoch, signal });
  const found = await searchedHere({ runtime, partitionOwner, archive }, searchIn(request));
  return {
    partitions: [...found.partitions],
    entries: found.page.entries.map(messageOfEntry),
    more: found.page.isMore,
    indexedTo: toTimestamp(Math.floor(found.page.indexedToMs)),
  };
}
