import type { Archive, Blobs, Journal, PartitionName } from "@tutti/journal";
import type { Chance, Clock, Defer, Delivery, Logger, Place, Timers } from "@tutti/kernel";
import type { Effects, LeaseTerm } from "./api.ts";
import type { BehaviourLevels } from "./behaviour/behaviours.ts";
import type { AnyMachine } from "./machines/hosted-machine.ts";

/** Used shares, from 0 to 1. */
export interface MemoryUse {
  /** Of the maximum of V8's heap. */
  readonly heap: number;
  /** Heap and buffers, of the memory that the process may use. */
  readonly process: number;
}

/** Dependencies and settings of a runtime. */
export interface RuntimeOptions {
  /** The service that hosts the machines: `workflow`. */
  readonly service: string;
  readonly machines: readonly AnyMachine[];
  /** Number of partitions of the service. Never changes. */
  readonly partitions: number;
  readonly journals: JournalSource;
  readonly archive: Archive;
  /** Receives the blobs that instances name. Required if events of the machines name any. */
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
  /** Name of the pause that its partitions start with, unless they already had it. Absent or empty for none. */
  readonly pause?: string;
  /**
   * Returns the behaviours that may be activated, because every process that may have to read their records can. Absent
   * or undefined if no other process can own anything: then the machines' own behaviours apply.
   */
  behavioursAllowed?(): BehaviourLevels | undefined;
  /** Absent if unknown. */
  readonly memoryUse?: () => MemoryUse;
  /** Returns how long ended instances are kept. */
  retentionOf(kind: string): Retention;
  /** Prepares for a partition that another process still owns. Absent if nothing can be prepared. */
  readonly prepare?: (partition: number) => Promise<void>;
  /** Returns the owner of a partition that is not here, for `mesh.not_owner`. */
  ownerOf?(place: Place): { instance: string; address: string; epoch: number } | undefined;
}

/**
 * The journal in use. A journal that has stopped (a sync failed) must be reopened before anything can be written. All
 * partitions of all services that share it request that, and it is done once.
 */
export interface JournalSource {
  readonly journal: Journal;
  /** Resolves with a journal other than the broken one. */
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
  /** How long after the end a chosen id stays reserved. */
  readonly idKeptMs: number;
}

/** Bounds on memory and work. */
export interface RuntimeLimits {
  /** Commands that may wait per partition. */
  readonly inboxMax: number;
  /** Bytes of messages per partition that may wait for unavailable receivers. Above it commands are refused. */
  readonly outboxBytesMax: number;
  /** Commands decided in one turn, before other partitions get theirs. */
  readonly turnCommandsMax: number;
  /** A batch is closed when it is larger than this. */
  readonly batchBytesSoft: number;
  /** Instances in memory per partition, as far as they can be passivated. */
  readonly loadedMax: number;
  /**
   * Up to this number, idle instances stay in memory for `idleMs`. Above it they leave sooner, and commands that need
   * another one are refused while the process has little memory left.
   */
  readonly loadedSoft: number;
  /** An idle instance is passivated after this time. */
  readonly idleMs: number;
  /** Bytes of journal per partition from which the archive is brought up to date and the journal is cut. */
  readonly tailBytesMax: number;
  /**
   * Bytes of journal per partition that a restart may have to read. If the archive lacks more, commands are refused.
   */
  readonly behindBytesMax: number;
  /** How often the index is written. */
  readonly indexEveryMs: number;
  /**
   * Above it an instance accepts no commands and results. Messages and timers are still accepted, or they would be
   * lost.
   */
  readonly eventsMax: number;
  /** Size of the encoded state, known when the state is written. Above it commands are refused. */
  readonly stateBytesMax: number;
  /** How long the reply to an idempotency key is remembered. */
  readonly keysKeptMs: number;
  /** Up to this number of events, only the history of an ended instance is kept. */
  readonly smallEvents: number;
}

export const runtimeLimits: RuntimeLimits = {
  inboxMax: 10_000,
  outboxBytesMax: 32 * 1024 * 1024,
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
