import type { Archive, Blobs, Journal, PartitionName } from "@tutti/journal";
import type { Chance, Clock, Defer, Delivery, Logger, Place, Timers } from "@tutti/kernel";
import type { Effects, LeaseTerm } from "./api.ts";
import type { BehaviourLevels } from "./behaviour/behaviours.ts";
import type { AnyMachine } from "./machines/hosted-machine.ts";

/** What a runtime is made of. */
export interface RuntimeOptions {
  /** The service that hosts the machines: `workflow`. */
  readonly service: string;
  readonly machines: readonly AnyMachine[];
  /** How many partitions the service has. The same for ever. */
  readonly partitions: number;
  readonly journals: JournalSource;
  readonly archive: Archive;
  /** Hears which instances name which blobs. Needed where events of the machines name any. */
  readonly blobs?: Pick<Blobs, "mention">;
  /** Carries messages to partitions that are not here. */
  readonly delivery: Delivery;
  readonly leaseTerm: LeaseTerm;
  readonly effects: Effects;
  /** Returns how many partitions another service has: messages are numbered per pair of partitions. */
  partitionsOf(service: string): number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly defer: Defer;
  readonly logger: Logger;
  readonly limits: RuntimeLimits;
  /** Name of the pause that its partitions start with, unless they have had it. Absent or empty for none. */
  readonly pause?: string;
  /**
   * Returns the behaviours that may be brought into force, since all callers that may have to read what is written by
   * them can. Absent or undefined where no other process may own anything: then it is those of the machines.
   */
  behavioursAllowed?(): BehaviourLevels | undefined;
  /** Returns how long ended instances are kept. */
  retentionOf(kind: string): Retention;
  /** Gets ready for a partition that another process still owns. Absent where nothing can be done before. */
  readonly prepare?: (partition: number) => Promise<void>;
  /** Where a partition is called, when it is not here: for `mesh.not_owner`. */
  ownerOf?(place: Place): { instance: string; address: string; epoch: number } | undefined;
}

/**
 * The journal in use. One that has stopped (a sync failed) has to be opened again before anything can be written. All
 * partitions of all services that share it ask for that, and it is done once.
 */
export interface JournalSource {
  readonly journal: Journal;
  /** Resolves with a journal that is not the broken one. */
  renew(broken: Journal): Promise<Journal>;
  /**
   * The first batch of a partition that a reader still needs. The journal keeps it and all later batches.
   * Absent if there are no readers.
   */
  neededFrom?(partition: PartitionName): number;
}

export interface Retention {
  /** From the end of an instance to its removal, milliseconds. 0 means at once. */
  readonly keepMs: number;
  /** How long after the end an id that a caller chose stays taken. */
  readonly idKeptMs: number;
}

/** Bounds on memory and work. */
export interface RuntimeLimits {
  /** Commands that may wait per partition. */
  readonly inboxMax: number;
  /** Bytes of messages per partition that may wait for receivers that are away. Then commands are refused. */
  readonly lettersBytesMax: number;
  /** Commands decided in one turn, before others get theirs. */
  readonly turnCommandsMax: number;
  /** A batch is closed when it has grown beyond this. */
  readonly batchBytesSoft: number;
  /** Instances in memory per partition, as far as they can be put away. */
  readonly loadedMax: number;
  /** Up to here idle instances stay in memory for `idleMs`. The more there are beyond, the sooner they leave. */
  readonly loadedSoft: number;
  /** An instance without anything to do is put away after this long. */
  readonly idleMs: number;
  /** From so many bytes of journal per partition on, the archive is brought up to date and the journal cut. */
  readonly tailBytesMax: number;
  /** Bytes of journal per partition that a restart may have to read. While the archive lacks more, commands are refused. */
  readonly behindBytesMax: number;
  /** How often the index is written. */
  readonly indexEveryMs: number;
  /** Beyond it an instance takes no commands and results. Messages and timers are still taken, or they would be lost. */
  readonly eventsMax: number;
  /** Of the encoded state. It is known when the state is written. From then on commands are refused. */
  readonly stateBytesMax: number;
  /** How long the reply to an idempotency key is remembered. */
  readonly keysKeptMs: number;
  /** Up to here an ended instance is kept as its history alone. */
  readonly smallEvents: number;
}

export const runtimeLimits: RuntimeLimits = {
  inboxMax: 10_000,
  lettersBytesMax: 32 * 1024 * 1024,
  turnCommandsMax: 1_024,
  batchBytesSoft: 512 * 1024,
  loadedMax: 50_000,
  loadedSoft: 500,
  idleMs: 10_000,
  tailBytesMax: 8 * 1024 * 1024,
  behindBytesMax: 16 * 1024 * 1024,
  indexEveryMs: 250,
  eventsMax: 1_000_000,
  stateBytesMax: 16 * 1024 * 1024,
  keysKeptMs: 24 * 3_600_000,
  smallEvents: 64,
};
