import type { Bus } from "@tutti/bus";
import type { Component, Configuration, Foundation, IdSource, Section } from "@tutti/kernel";
import type { Announcer, Mesh, MeshDelivery } from "@tutti/mesh";
import type { NatsConnection } from "@tutti/nats";
import type { Effects, RuntimeOptions, TokenCipher } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import type { Telemetry } from "@tutti/telemetry";
import type { HasBlob, ReadBlob } from "./blobs/referred-blobs.ts";
import type { CallTally } from "./calls/call-tally.ts";
import type { Guard } from "./guard/guard.ts";
import type { HostOperations } from "./host-operations.ts";
import type { SharedStorage } from "./storage/cluster/shared-storage.ts";
import type { Finding } from "./storage/inspection/finding.ts";
import type { InspectedData } from "./storage/inspection/inspected-data.ts";
import type { JournalHolds } from "./storage/journal-holds.ts";
import type { ServiceStorage } from "./storage/service-storage.ts";

/** A service, or another part of a process, for a host: its settings, and its factory. */
export interface ServiceModule {
  /** The name for discovery: `registry`. */
  readonly name: string;
  readonly sections: readonly Section[];
  /**
   * The kinds of machines that it hosts. Its process stores them, and `host.storage` returns their runtime. Machines
   * with dependencies are passed to `host.storage`.
   */
  readonly machines?: RuntimeOptions["machines"];
  /**
   * It uses the process like an external client: it starts when everything serves, and drains before everything else.
   */
  readonly isOutermost?: boolean;
  /** Checks its own files in a data directory that no process has. */
  readonly inspect?: (data: InspectedData) => Promise<readonly Finding[]>;
  /** Creates the service and serves its contracts on the mesh. Nothing runs before the host starts it. */
  create(host: HostContext): Component | Promise<Component>;
}

/** Context that a host gives to each of its services. */
export interface HostContext {
  /** Id of this process. A new one after each start. */
  readonly processId: string;
  /** Version of the software. */
  readonly version: string;
  readonly configuration: Configuration;
  /** Its logger adds the name of this service. */
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly mesh: Mesh;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  /** Announces to the registry what a service offers. */
  readonly announcer: Announcer;
  /** Makes runtimes own their partitions, and knows the owners of the others. */
  readonly partitionOwner: PartitionOwner;
  /** Delivers messages between partitions. */
  readonly delivery: MeshDelivery;
  /** Holds the part of this process's journals that the reader of all journals still needs. */
  readonly holds: JournalHolds;
  /** Authenticates and authorizes callers. Undefined if nothing is enforced. */
  readonly guard: Guard | undefined;
  /** Counts calls from outside. */
  readonly calls: Pick<CallTally, "add">;
  /** The HTTP port of the process. */
  readonly operations: HostOperations;
  /** The shared storage of a cluster. Undefined for a single process. */
  readonly sharedStorage: SharedStorage | undefined;
  /** Directory of durable data. Undefined if the process stores nothing. */
  readonly dataDirectory: string | undefined;
  /**
   * Returns the storage of this service's machines. Called once, while the service is created. Their partitions are
   * owned when everything has started, and their effects are dispatched from then on.
   */
  storage(effects: Effects, more?: RuntimeOptions["machines"]): ServiceStorage;
  /** Returns whether a referenced blob exists. */
  readonly hasBlob: HasBlob;
  /** Reads content that is small enough for a record. */
  readonly readBlob: ReadBlob;
  /**
   * Returns the cipher for tokens that leave the process. Requested while the service is created, it is open when the
   * service starts.
   */
  tokens(): TokenCipher;
  /**
   * Returns the connection to NATS. A request while the services are created makes the process need it: it is connected
   * before they start.
   */
  nats(): Promise<NatsConnection>;
}
