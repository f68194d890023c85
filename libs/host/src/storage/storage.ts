import type { Archive, Blobs } from "@tutti/journal";
import type { Component, Delivery, Foundation } from "@tutti/kernel";
import type { Effects, Runtime, RuntimeOptions } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import type { JournalHolds } from "./journal-holds.ts";
import type { ProcessJournal } from "./process-journal.ts";
import type { DurableSettings } from "./settings.ts";

/** Where the machines of a process are kept: on its own disk, or in a cluster where others reach them too. */
export interface Storage extends Component {
  /** Returns the runtime of a service, before the storage is started. It owns nothing yet. */
  host(service: string, machines: RuntimeOptions["machines"], effects: Effects): HostedRuntime;
  /** Whether the partitions of a service may be owned by several processes. */
  readonly isShared: boolean;
  /** Those that were made so far. */
  readonly runtimes: readonly Runtime[];
  /** Services whose archive was missing at the start: what they list is whole once it is made again. */
  readonly rebuilt?: ReadonlySet<string>;
  /** Large content of all services, once the storage is started. */
  readonly blobs: Blobs;
  /** All partitions are let go of: what is under way becomes durable, nothing more is decided. */
  stopRuntimes(): Promise<void>;
}

/** What every storage is made of. */
export interface StorageParts {
  readonly settings: DurableSettings;
  readonly foundation: Foundation;
  readonly partitionOwner: PartitionOwner;
  readonly delivery: Delivery;
  readonly holds: JournalHolds;
}

/** The runtime of a service, and what is read beside it. */
export interface HostedRuntime {
  readonly service: string;
  readonly machines: RuntimeOptions["machines"];
  readonly runtime: Runtime;
  readonly archive: Archive;
  readonly journals: Pick<ProcessJournal, "journal">;
}
