/** Pauses of the partitions of this process, as the processes of a cluster ask each other about them. */
import type {
  ListPausesReply,
  ListPausesRequest,
  ReleasePartitionReply,
  ReleasePartitionRequest,
} from "@tutti/contracts/runtime/v1";
import type { CallContext } from "@tutti/kernel";
import { hostErrors } from "../../errors.ts";
import { causeOf } from "../cause.ts";
import type { PauseDependencies } from "./dependencies.ts";

export async function listPauses(
  dependencies: PauseDependencies,
  { partition }: ListPausesRequest,
  context: CallContext,
): Promise<ListPausesReply> {
  await admitted(dependencies, partition, context);
  const { runtime } = dependencies;
  return { partitions: runtime.pauses().map((each) => ({ ...each })), partitionsTotal: runtime.partitions };
}

export async function releasePartition(
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
