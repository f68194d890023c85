import type { Archive, Blobs } from "@tutti/journal";
import type { Component, Delivery, Foundation } from "@tutti/kernel";
import type { Effects, Runtime, RuntimeOptions } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import type { JournalHolds } from "./journal-holds.ts";
import type { ProcessJournal } from "./process-journal.ts";
import type { DurableSettings } from "./settings.ts";

/** Storage of the machines of a process: on its own disk, or shared in a cluster. */
export interface Storage extends Component {
  /** Returns the runtime of a service, before the storage is started. It owns nothing yet. */
  host(service: string, machines: RuntimeOptions["machines"], effects: Effects): HostedRuntime;
  /** Whether several processes may own the partitions of a service. */
  readonly isShared: boolean;
  /** Runtimes created so far. */
  readonly runtimes: readonly Runtime[];
  /** Services whose archive was missing at the start: their lists are complete once it is rebuilt. */
  readonly rebuilt?: ReadonlySet<string>;
  /** Large content of all services, once the storage is started. */
  readonly blobs: Blobs;
  /** Releases all partitions: work in progress becomes durable, nothing more is decided. */
  stopRuntimes(): Promise<void>;
}

/** Dependencies of every storage. */
export interface StorageParts {
  readonly settings: DurableSettings;
  readonly foundation: Foundation;
  readonly partitionOwner: PartitionOwner;
  readonly delivery: Delivery;
  readonly holds: JournalHolds;
}

/** The runtime of a service, with further data for readers. */
export interface HostedRuntime {
  readonly service: string;
  readonly machines: RuntimeOptions["machines"];
  readonly runtime: Runtime;
  readonly archive: Archive;
  readonly journals: Pick<ProcessJournal, "journal">;
}
