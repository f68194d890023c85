/**
 * The reader of all that the journals of this process have, and how far. Nothing that was not taken yet is cut. A
 * process in which no reader exists cuts them as it likes.
 */
import type { LogPlace, PartitionName } from "@tutti/journal";

/** The log that all journals of a process are in. */
export interface ProcessLog {
  readonly directory: string;
  /** How far it is durable by now. */
  end(): LogPlace;
}

export class JournalHolds {
  readonly #services: string[] = [];
  readonly #taken = new Map<string, number>();
  #isHeld = false;
  #alone: Promise<unknown> = Promise.resolve();
  #log: ProcessLog | undefined;

  /** Services whose machines are in this process. */
  get services(): readonly string[] {
    return this.#services;
  }

  /** For who follows all of them in one pass. Undefined where they are not files of this process. */
  get log(): ProcessLog | undefined {
    return this.#log;
  }

  add(service: string): void {
    this.#services.push(service);
  }

  /** Where they all are, once they are open. */
  areIn(log: ProcessLog): void {
    this.#log = log;
  }

  /** From now on everything is kept that was not taken. Said while services are made, before anything is cut. */
  hold(): void {
    this.#isHeld = true;
  }

  /** All of a journal up to this batch is where it is to be kept. */
  took({ service, partition }: PartitionName, batch: number): void {
    this.#taken.set(`${service}/${partition}`, batch);
  }

  /** Runs one work after the other: a copy has both the content and its record in the journal, or neither. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#alone.then(work);
    this.#alone = result.catch(() => {});
    return result;
  }

  /** Returns the first batch of a journal that must not be cut. */
  neededFrom({ service, partition }: PartitionName): number {
    if (!this.#isHeld) return Number.POSITIVE_INFINITY;
    return (this.#taken.get(`${service}/${partition}`) ?? 0) + 1;
  }
}
