/** Handlers of every service that hosts machines, about its runtime. */
import {
  type ListPartitionsReply,
  type Partition,
  PartitionState,
  type runtimeService,
} from "@tutti/contracts/runtime/v1";
import { toTimestamp } from "@tutti/kernel";
import { type Handlers, receiveMessages } from "@tutti/mesh";
import type { PartitionStatus, RuntimeOfService } from "@tutti/runtime";
import { tableEpochOf } from "@tutti/runtime/ownership";
import type { RuntimeDependencies } from "./runtime-dependencies.ts";
import { watchOwnership } from "./watch-ownership.ts";

type Served = Pick<Handlers<typeof runtimeService>, "deliver" | "watchOwnership" | "listPartitions">;

export function runtimeHandlers(dependencies: RuntimeDependencies): Served {
  const { runtime, partitionOwner } = dependencies;
  return {
    deliver: (requests, context) =>
      receiveMessages(requests, context, {
        partitions: runtime.partitions,
        admit: (partition, request) => partitionOwner.admit(runtime.service, partition, request),
        receive: (partition, batch) => runtime.receive(partition, batch),
        onOwner: (listener) =>
          partitionOwner.onOwner((service, partition) => {
            if (service === runtime.service) listener(partition);
          }),
      }),
    watchOwnership: (request, { signal }) => watchOwnership(dependencies, request, signal),
    listPartitions: () => listPartitions(runtime),
  };
}

function listPartitions(runtime: RuntimeOfService): ListPartitionsReply {
  const statuses = [...runtime.partitionStatuses()].sort((one, other) => one.partition - other.partition);
  return { partitions: statuses.map(partitionOf), partitionsTotal: runtime.partitions };
}

const states = {
  starting: PartitionState.PARTITION_STATE_STARTING,
  running: PartitionState.PARTITION_STATE_RUNNING,
  leaving: PartitionState.PARTITION_STATE_LEAVING,
  failed: PartitionState.PARTITION_STATE_FAILED,
} as const;

function partitionOf({ state, nextDueMs, ...standing }: PartitionStatus): Partition {
  const { epoch, load: _, isPaused: __, ...shown } = standing;
  return {
    ...shown,
    epoch: tableEpochOf(epoch),
    state: states[state],
    nextDue: nextDueMs === undefined ? undefined : toTimestamp(nextDueMs),
  };
}
