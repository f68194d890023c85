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
import type { PauseDesk } from "./desk.ts";

export async function listPauses(
  desk: PauseDesk,
  { partition }: ListPausesRequest,
  context: CallContext,
): Promise<ListPausesReply> {
  await admitted(desk, partition, context);
  const { runtime } = desk;
  return { partitions: runtime.pauses().map((each) => ({ ...each })), partitionsTotal: runtime.partitions };
}

export async function releasePartition(
  desk: PauseDesk,
  { partition, ofNamespace: namespace, share, reason }: ReleasePartitionRequest,
  context: CallContext,
): Promise<ReleasePartitionReply> {
  await admitted(desk, partition, context);
  return { pause: await desk.runtime.release(partition, { namespace, share }, causeOf(context, reason)) };
}

async function admitted(
  { runtime: { service, partitions }, partitionOwner }: PauseDesk,
  partition: number,
  { ownerEpoch = 0, signal }: CallContext,
): Promise<void> {
  if (partition >= partitions) throw hostErrors.noSuchPartition({ service, partition, partitions });
  await partitionOwner.admit(service, partition, { epoch: ownerEpoch, signal });
}
