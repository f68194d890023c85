/**
 * The progress of a reader of all journals of this process. Batches that it has not read are not cut. Without a reader,
 * a process cuts its journals freely.
 */
import type { LogPlace, PartitionName } from "@tutti/journal";

/** The log of all journals of a process. */
export interface ProcessLog {
  readonly directory: string;
  /** Returns its durable end. */
  durableEnd(): LogPlace;
}

export class JournalHolds {
  readonly #services: string[] = [];
  readonly #storedTo = new Map<string, number>();
  #isHeld = false;
  #alone: Promise<unknown> = Promise.resolve();
  #log: ProcessLog | undefined;

  /** Services whose machines are in this process. */
  get services(): readonly string[] {
    return this.#services;
  }

  /** For a reader that follows all of them in one pass. Undefined if they are not files of this process. */
  get log(): ProcessLog | undefined {
    return this.#log;
  }

  add(service: string): void {
    this.#services.push(service);
  }

  /** Sets the log of all of them, once they are open. */
  areIn(log: ProcessLog): void {
    this.#log = log;
  }

  /** From now on all unread batches are kept. Called while services are created, before anything is cut. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The reader has stored all batches of a journal up to this one. */
  acknowledge({ service, partition }: PartitionName, batch: number): void {
    this.#storedTo.set(`${service}/${partition}`, batch);
  }

  /** Runs one work at a time: a copy has both the content and its record in the journal, or neither. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#alone.then(work);
    this.#alone = result.catch(() => {});
    return result;
  }

  /** Returns the first batch of a journal that must not be cut. */
  neededFrom({ service, partition }: PartitionName): number {
    if (!this.#isHeld) return Number.POSITIVE_INFINITY;
    return (this.#storedTo.get(`${service}/${partition}`) ?? 0) + 1;
  }
}
