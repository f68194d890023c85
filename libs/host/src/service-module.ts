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
import type { Sharing } from "./storage/cluster/sharing.ts";
import type { Finding } from "./storage/inspection/finding.ts";
import type { InspectedData } from "./storage/inspection/inspected-data.ts";
import type { JournalHolds } from "./storage/journal-holds.ts";
import type { ServiceStorage } from "./storage/service-storage.ts";

/** A service, or another part of a process, as a host takes it in: what can be set about it, and how it is made. */
export interface ServiceModule {
  /** The name it is found by: `registry`. */
  readonly name: string;
  readonly sections: readonly Section[];
  /**
   * The kinds of machines that it hosts: then its process keeps them, and `host.storage` gives what they run on. Those
   * that have to be made with something are handed over there.
   */
  readonly machines?: RuntimeOptions["machines"];
  /** It uses the process as those outside do: it starts when everything serves, and drains before anything else does. */
  readonly isOutermost?: boolean;
  /** Looks at the files of its own in a data directory that no process has. */
  readonly inspect?: (data: InspectedData) => Promise<readonly Finding[]>;
  /** Makes the service and has it serve its contracts on the mesh. Nothing runs before the host starts it. */
  create(host: HostContext): Component | Promise<Component>;
}

/** What a host gives each of its services. */
export interface HostContext {
  /** Id of this process. Another one after each start. */
  readonly processId: string;
  /** Version of the software. */
  readonly version: string;
  readonly configuration: Configuration;
  /** Of this service: what it logs carries its name. */
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly mesh: Mesh;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  /** Tells the registry what a service offers. */
  readonly announcer: Announcer;
  /** Sees to it that runtimes own their partitions, and knows who owns the others. */
  readonly partitionOwner: PartitionOwner;
  /** Carries messages between partitions. */
  readonly delivery: MeshDelivery;
  /** What of the journals of this process is kept for the caller that reads all of them. */
  readonly holds: JournalHolds;
  /** Who gets in, and what they may do. Undefined where nothing is enforced. */
  readonly guard: Guard | undefined;
  /** Counts calls from outside. */
  readonly calls: Pick<CallTally, "add">;
  /** The HTTP port of the process. */
  readonly operations: HostOperations;
  /** How processes that share what they own keep it. Undefined where this one keeps everything by itself. */
  readonly sharing: Sharing | undefined;
  /** Where the process keeps what must last. Undefined where it keeps nothing. */
  readonly dataDirectory: string | undefined;
  /**
   * What the machines of this service run on. Asked once, while the service is made. Their partitions are owned when
   * everything has started, and their effects are dispatched from then on.
   */
  storage(effects: Effects, more?: RuntimeOptions["machines"]): ServiceStorage;
  /** Whether a blob exists that something refers to. */
  readonly hasBlob: HasBlob;
  /** Content that is small enough for a record. */
  readonly readBlob: ReadBlob;
  /** Encrypts tokens of attempts where they leave the process. Asked while the service is made, it is open when that starts. */
  tokens(): TokenCipher;
  /**
   * Returns the connection to NATS. The caller that asks for it while the services are made has the process need it: it
   * is connected before they start.
   */
  nats(): Promise<NatsConnection>;
}
