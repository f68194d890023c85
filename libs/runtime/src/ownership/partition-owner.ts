/**
 * The partition owner of a process sees to it that its runtimes own the partitions that are theirs, and knows who owns
 * the others. Alone, a process owns everything. In a cluster the partition owners share by leases and a table.
 */
import type { Component, Owner } from "@tutti/kernel";
import type { LeaseTerm, PartitionsOfService } from "../api.ts";
import type { BehaviourLevels } from "../behaviour/behaviours.ts";

export interface PartitionOwner extends Component {
  /** Partitions of each service. */
  readonly partitions: number;
  /** What a runtime asks whether it may answer from memory. Made before the runtime itself. */
  leaseTermOf(service: string): LeaseTerm;
  /**
   * Returns the behaviours that may be brought into force in the partitions of a service. Undefined if no other process
   * has to read them.
   */
  behavioursAllowed(service: string): BehaviourLevels | undefined;
  /** Takes a runtime in, before the partition owner starts. Its partitions are started from then on. */
  host(runtime: PartitionsOfService): void;
  /** Returns whether this process owns a partition and has loaded it. */
  holds(service: string, partition: number): boolean;
  /**
   * Lets a call through to a partition: at once (undefined), or as soon as this process owns it. While it is being
   * loaded, handed over or taken over, the call waits. Throws `mesh.not_owner` when it is clear that another process
   * owns it, and that one's name.
   */
  admit(service: string, partition: number, request: AdmissionRequest): Promise<void> | undefined;
  /** The owner of a partition, with an empty address if it is this process. Undefined while no owner is known. */
  ownerOf(service: string, partition: number): Owner | undefined;
  /** Returns the epoch in which a partition has its owner, or had its last one. 0 when it never had any. */
  epochOf(service: string, partition: number): number;
  /** Everything that is known, with the addresses that others use. */
  ownerships(): Iterable<Ownership>;
  /** Calls back after each change of an owner. Returns how to stop that. */
  onOwner(listener: (service: string, partition: number) => void): () => void;
}

/** A process that asks for admission. */
export interface AdmissionRequest {
  /** The epoch under which the caller believes this process to be the owner. 0 when it did not say. */
  readonly epoch: number;
  /** Aborted when there is no waiter any more. */
  readonly signal: AbortSignal;
}

/** A partition with its owner. */
export interface Ownership {
  readonly service: string;
  readonly partition: number;
  readonly owner: Owner | undefined;
}
