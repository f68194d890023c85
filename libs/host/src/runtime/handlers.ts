/** What every service that hosts machines answers about its runtime. */
import {
  type ListPartitionsReply,
  type Partition,
  PartitionState,
  type runtimeService,
} from "@tutti/contracts/runtime/v1";
import { type Foundation, toTimestamp } from "@tutti/kernel";
import { type Handlers, receiveLetters } from "@tutti/mesh";
import type { PartitionStanding, RuntimeOfService } from "@tutti/runtime";
import { type Steward, tableEpochOf } from "@tutti/runtime/ownership";
import { watchOwnership } from "./watch-ownership.ts";

export interface RuntimeDesk {
  readonly runtime: RuntimeOfService;
  readonly steward: Steward;
  readonly foundation: Pick<Foundation, "timers">;
}

type Served = Pick<Handlers<typeof runtimeService>, "deliver" | "watchOwnership" | "listPartitions">;

export function runtimeHandlers(desk: RuntimeDesk): Served {
  const { runtime, steward } = desk;
  return {
    deliver: (requests, context) =>
      receiveLetters(requests, context, {
        partitions: runtime.partitions,
        admit: (partition, asked) => steward.admit(runtime.service, partition, asked),
        take: (partition, batch) => runtime.take(partition, batch),
      }),
    watchOwnership: (request, { signal }) => watchOwnership(desk, request, signal),
    listPartitions: () => listPartitions(runtime),
  };
}

export function listPartitions(runtime: RuntimeOfService): ListPartitionsReply {
  const standings = [...runtime.standings()].sort((one, other) => one.partition - other.partition);
  return { partitions: standings.map(partitionOf), partitionsTotal: runtime.partitions };
}

const states = {
  starting: PartitionState.PARTITION_STATE_STARTING,
  running: PartitionState.PARTITION_STATE_RUNNING,
  leaving: PartitionState.PARTITION_STATE_LEAVING,
  failed: PartitionState.PARTITION_STATE_FAILED,
} as const;

function partitionOf({ state, nextDueMs, ...standing }: PartitionStanding): Partition {
  const { partition, epoch, head, loaded, live, quarantined, inbox } = standing;
  return {
    ...{ partition, head, loaded, live, quarantined, inbox },
    epoch: tableEpochOf(epoch),
    state: states[state],
    headHash: new Uint8Array(),
    first: 0,
    nextDue: nextDueMs === undefined ? undefined : toTimestamp(nextDueMs),
  };
}
