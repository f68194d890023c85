/**
 * The partition owner of a process makes its runtimes own the partitions that belong to them, and knows the owners of
 * the others. A single process owns everything. In a cluster the partition owners share by leases and a table.
 */
import type { Component, Owner } from "@tutti/kernel";
import type { LeaseTerm, PartitionsOfService } from "../api.ts";
import type { BehaviourLevels } from "../behaviour/behaviours.ts";

export interface PartitionOwner extends Component {
  /** Number of partitions of each service. */
  readonly partitions: number;
  /** Returns the lease term that a runtime checks before it answers from memory. Created before the runtime itself. */
  leaseTermOf(service: string): LeaseTerm;
  /**
   * Returns the behaviours that may be activated in the partitions of a service. Undefined if no other process has to
   * read them.
   */
  behavioursAllowed(service: string): BehaviourLevels | undefined;
  /** Adds a runtime, before the partition owner starts. Its partitions are started from then on. */
  host(runtime: PartitionsOfService): void;
  /** Returns whether this process owns a partition and has loaded it. */
  owns(service: string, partition: number): boolean;
  /**
   * Admits a call to a partition: at once (undefined), or as soon as this process owns it. While it is being loaded,
   * handed over or taken over, the call waits. Throws `mesh.not_owner` with the owner's name when it is clear that
   * another process owns it.
   */
  admit(service: string, partition: number, request: AdmissionRequest): Promise<void> | undefined;
  /**
   * Returns the owner of a partition, with an empty address if it is this process. Undefined while no owner is known.
   */
  ownerOf(service: string, partition: number): Owner | undefined;
  /** Returns the epoch of the owner of a partition, or of its last one. 0 if it never had any. */
  epochOf(service: string, partition: number): number;
  /** Returns all known owners, with the addresses that others use. */
  ownerships(): Iterable<Ownership>;
  /** Calls back after each change of an owner. Returns a function that stops that. */
  onOwner(listener: (service: string, partition: number) => void): () => void;
}

/** A request for admission to a partition. */
export interface AdmissionRequest {
  /** The epoch under which the caller believes this process to be the owner. 0 if unknown. */
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
