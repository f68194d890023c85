import type { Cause } from "@tutti/contracts/types/v1";
import type { ArchivePartition, Blobs } from "@tutti/journal";
import type { Chance, Clock, Delivery, Logger, Owner, Place, Timers } from "@tutti/kernel";
import type { Effects, LeaseTerm } from "../api.ts";
import type { BehaviourLevels } from "../behaviour/behaviours.ts";
import type { HostedMachines } from "../machines/hosted-machine.ts";
import type { JournalSource, MemoryUse, Retention, RuntimeLimits } from "../options.ts";

/** A component that takes turns as long as it reports more work. */
export interface Schedulable {
  turn(): boolean;
}

/** Dependencies that the runtime of a service gives to its partitions. */
export interface PartitionParts {
  readonly service: string;
  readonly behaviour: number;
  readonly machines: HostedMachines;
  readonly journals: JournalSource;
  readonly archive: ArchivePartition;
  readonly blobs: Pick<Blobs, "mention"> | undefined;
  readonly deliver: Delivery["deliver"];
  readonly leaseTerm: LeaseTerm;
  readonly effects: Effects;
  readonly partitionsOf: (service: string) => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly limits: RuntimeLimits;
  /** The cause of the partition's own records. */
  readonly cause: Cause;
  /** Name of the pause that a partition starts with, except if it already had that pause. Empty for none. */
  readonly pause: string;
  /** Behaviours that may be activated. */
  readonly behavioursAllowed: () => BehaviourLevels;
  readonly memoryUse: () => MemoryUse;
  readonly retentionOf: (kind: string) => Retention;
  readonly ownerOf: ((place: Place) => Owner | undefined) | undefined;
  /** The partition needs a turn. */
  ready(partition: Schedulable): void;
}
