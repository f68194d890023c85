/** A service with a runtime that records its calls, reduced to the needs of its handlers. */
import type { EnvelopeBatch } from "@tutti/kernel";
import type { PartitionStatus, RuntimeOfService } from "@tutti/runtime";
import { hostRuntime, type ServiceModule } from "../src/index.ts";

export class RecordingRuntime implements RuntimeOfService {
  readonly service = "bank";
  readonly partitions: number;
  readonly owned = new Map<number, number>();
  readonly received: string[] = [];

  constructor(partitions = 16) {
    this.partitions = partitions;
  }

  async own(partition: number, epoch: number): Promise<void> {
    this.owned.set(partition, epoch);
  }

  async disown(partition: number): Promise<void> {
    this.owned.delete(partition);
  }

  async receive(partition: number, { service, partition: from, envelopes }: EnvelopeBatch): Promise<number> {
    this.received.push(`${service}/${from} to ${partition}: ${envelopes.map(({ number }) => number).join()}`);
    return envelopes.at(-1)?.number ?? 0;
  }

  async indexed(): Promise<void> {}

  failedPartitions(): readonly number[] {
    return [];
  }

  indexLagMs(): number {
    return 0;
  }

  partitionStatuses(): readonly PartitionStatus[] {
    return [...this.owned].map(([partition, epoch]) => ({
      partition,
      epoch,
      state: "running",
      head: 12,
      loaded: 3,
      live: 2,
      quarantined: 1,
      inbox: 4,
      isPaused: false,
      ...{ nextDueMs: partition === 0 ? 1_767_225_600_000 : undefined, load: 0.1, indexLagMs: 0 },
      ...{ headHash: new Uint8Array(0), first: 1 },
    })) as readonly PartitionStatus[];
  }

  partitionOf(): number {
    return 3;
  }
  submit(): never {
    throw new Error("no machines are hosted here");
  }
  execute(): never {
    throw new Error("no machines are hosted here");
  }
  query(): never {
    throw new Error("no machines are hosted here");
  }
}

export function bankOf(runtime: RuntimeOfService): ServiceModule {
  return {
    name: "bank",
    sections: [],
    create: (host) => {
      hostRuntime(host, runtime);
      return {};
    },
  };
}
