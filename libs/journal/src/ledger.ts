import { assert } from "@tutti/kernel";
import { hashBytes } from "./batch/hash.ts";
import { HeaderEncoder } from "./batch/header.ts";
import { journalErrors } from "./errors.ts";
import type { Append, Failure, PartitionName, Position, Seal, ServicePartitions } from "./port.ts";

/**
 * Judges appends to one partition by the next number and the valid epoch. Both are known at two points, what was
 * submitted and what is durable.
 *
 * 1. An append is judged by what was submitted before it, at the moment of the call. So of two owners that race, one is
 *    refused in any order of arrival.
 * 2. When a submitted append fails, all later ones of the partition fail too, and the submitted position is reset to
 *    the durable one.
 */
export class Ledger implements PartitionName {
  readonly service: string;
  readonly partition: number;
  /** Index in the table. */
  readonly index: number;
  readonly encoder: HeaderEncoder;
  readonly hash = new Uint8Array(hashBytes);
  #number = 0;
  #epoch = 0;
  #timeMs = 0;
  #submittedNumber = 0;
  #submittedEpoch = 0;
  #submittedTimeMs = 0;

  constructor({ service, partition }: PartitionName, index: number) {
    this.service = service;
    this.partition = partition;
    this.index = index;
    this.encoder = new HeaderEncoder(service, partition);
  }

  /** The last durable batch. */
  get last(): Position {
    const hash = this.#number === 0 ? new Uint8Array(0) : this.hash.slice();
    return { number: this.#number, epoch: this.#epoch, timeMs: this.#timeMs, hash };
  }

  get durableNumber(): number {
    return this.#number;
  }

  /** Returns undefined if the append may continue. */
  judge({ epoch, number, timeMs }: Append): Failure | undefined {
    if (epoch < this.#submittedEpoch) return this.#fenced(epoch);
    assert(epoch === this.#submittedEpoch, "an owner seals its epoch before it appends", {
      ...this.#name,
      sealed: this.#submittedEpoch,
      epoch,
    });
    const expected = this.#submittedNumber + 1;
    if (number !== expected) {
      const refusal = journalErrors.misplaced.refusal(
        { ...this.#name, expected, found: number },
        { details: this.#details },
      );
      return { kind: "misplaced", refusal };
    }
    this.#checkTime(timeMs);
    return;
  }

  /** Returns undefined if the epoch may start. */
  judgeSeal({ epoch }: Seal): Failure | undefined {
    return epoch <= this.#submittedEpoch ? this.#fenced(epoch) : undefined;
  }

  /** Returns the batch that starts an epoch. */
  sealing({ epoch, timeMs, behaviour }: Seal): Seal & { readonly number: number; readonly seal: true } {
    const time = Math.max(timeMs, this.#submittedTimeMs);
    return { epoch, timeMs: time, behaviour, number: this.#submittedNumber + 1, seal: true };
  }

  /** The append or the seal was submitted. */
  submitted(epoch: number, timeMs: number): void {
    this.#submittedNumber++;
    this.#submittedEpoch = epoch;
    this.#submittedTimeMs = timeMs;
  }

  durable(number: number, epoch: number, timeMs: number): void {
    assert(number === this.#number + 1, "batches become durable in the order of their numbers", {
      ...this.#name,
      last: this.#number,
      number,
    });
    this.#number = number;
    this.#epoch = epoch;
    this.#timeMs = timeMs;
  }

  /** Everything under way has failed and will not become durable. */
  rollBack(): void {
    this.#submittedNumber = this.#number;
    this.#submittedEpoch = this.#epoch;
    this.#submittedTimeMs = this.#timeMs;
  }

  /** Continues at the end of a log that was read. */
  resume(number: number, epoch: number, timeMs: number, hash: Uint8Array): void {
    this.#number = number;
    this.#epoch = epoch;
    this.#timeMs = timeMs;
    this.hash.set(hash);
    this.rollBack();
  }

  busy(): Failure {
    return { kind: "busy", refusal: journalErrors.busy.refusal(this.#name, { details: this.#details }) };
  }

  checkReadable(from: number, first: number): void {
    if (from >= first) return;
    throw journalErrors.truncated({ ...this.#name, from, first }, { details: this.#details });
  }

  #fenced(epoch: number): Failure {
    const sealed = this.#submittedEpoch;
    const refusal = journalErrors.fenced.refusal(
      { ...this.#name, epoch, sealed },
      { details: this.#details },
    );
    return { kind: "fenced", refusal };
  }

  #checkTime(timeMs: number): void {
    assert(timeMs >= this.#submittedTimeMs, "time never runs backwards in a partition", {
      ...this.#name,
      last: this.#submittedTimeMs,
      timeMs,
    });
  }

  get #name(): PartitionName {
    return { service: this.service, partition: this.partition };
  }

  get #details(): Readonly<Record<string, string>> {
    return { service: this.service, partition: String(this.partition) };
  }
}

/**
 * Returns the table of a journal that is opened with other services. Known partitions keep their indexes, new services
 * are appended. A service can never change its number of partitions.
 */
export function tableOf(
  existing: readonly PartitionName[],
  requested: readonly ServicePartitions[],
): readonly PartitionName[] {
  const table = [...existing];
  for (const { service, partitions } of requested) {
    const known = existing.filter((name) => name.service === service).length;
    if (known === partitions) continue;
    if (known > 0) throw journalErrors.partitionsDiffer({ service, made: known, configured: partitions });
    for (let partition = 0; partition < partitions; partition++) table.push({ service, partition });
  }
  return table;
}

/** Finds partitions by their names. */
export function directoryOf<P extends PartitionName>(
  partitions: readonly P[],
): (service: string, partition: number) => P {
  const byName = new Map(
    partitions.map((partition) => [`${partition.service}/${partition.partition}`, partition]),
  );
  return (service, partition) => {
    const found = byName.get(`${service}/${partition}`);
    assert(found !== undefined, "the journal was opened with the requested partition", {
      service,
      partition,
    });
    return found;
  };
}
