import type { Journal, JournalPartition } from "@tutti/journal";
import { closedLoop, type Measured } from "../../measure/closed-loop.ts";

/** How a journal is loaded: so many appends under way, of so many bytes, spread over the partitions. */
export interface Load {
  readonly partitions: number;
  readonly underWay: number;
  readonly bytes: number;
}

export interface AppendFigures {
  readonly [figure: string]: number;
  readonly appendsPerSec: number;
  readonly mbPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the whole process. */
  readonly cpuPerAppendUs: number;
}

/** Appends again and again, each after one before it has become durable. */
export async function appendFor(
  append: (partition: number) => Promise<unknown>,
  { partitions, underWay, bytes }: Load,
  seconds: number,
): Promise<AppendFigures> {
  const once = async (runner: number) => {
    await append(runner % partitions);
    return 1;
  };
  return figuresOf(await closedLoop({ once, concurrency: underWay }, seconds), bytes);
}

function figuresOf({ callsPerSec, p50Ms, p99Ms, cpuPerCallUs }: Measured, bytes: number): AppendFigures {
  const mbPerSec = (callsPerSec * bytes) / 1e6;
  return { appendsPerSec: callsPerSec, mbPerSec, p50Ms, p99Ms, cpuPerAppendUs: cpuPerCallUs };
}

/**
 * The owner of every partition of a journal. It cuts what is behind, as snapshots let a runtime do, and seals again
 * when an append failed, as a runtime does too: under load a server may refuse one.
 */
export class Appender {
  readonly #journal: Journal;
  readonly #owners: readonly Owner[];

  private constructor(journal: Journal) {
    this.#journal = journal;
    this.#owners = journal.partitions.map((partition) => new Owner(partition));
  }

  static async of(journal: Journal): Promise<Appender> {
    const appender = new Appender(journal);
    for (const owner of appender.#owners) await owner.seal();
    return appender;
  }

  async append(index: number, records: Uint8Array): Promise<void> {
    for (let room = this.#journal.room(); room !== undefined; room = this.#journal.room()) await room;
    await this.#owners[index]?.append(records);
  }
}

class Owner {
  readonly #partition: JournalPartition;
  #epoch = 0;
  #number = 0;
  #cut = 0;
  #sealing: Promise<void> | undefined;

  constructor(partition: JournalPartition) {
    this.#partition = partition;
  }

  /** Those whose appends failed together wait for one seal. */
  seal(): Promise<void> {
    this.#sealing ??= this.#seal().finally(() => {
      this.#sealing = undefined;
    });
    return this.#sealing;
  }

  async append(records: Uint8Array): Promise<void> {
    const epoch = this.#epoch;
    const number = ++this.#number;
    const outcome = await this.#partition.append({
      epoch,
      number,
      timeMs: 0,
      behaviour: 1,
      records,
      count: 1,
    });
    if (outcome.kind !== "durable") {
      if (epoch === this.#epoch) await this.seal();
      return this.append(records);
    }
    if ((number - this.#cut) * records.length < keptBytes) return;
    this.#cut = number;
    await this.#partition.truncate(number);
  }

  async #seal(): Promise<void> {
    const epoch = Math.max(this.#epoch, this.#partition.last.epoch) + 1;
    const outcome = await this.#partition.seal({ epoch, timeMs: 0, behaviour: 1 });
    if (outcome.kind !== "sealed") throw new Error(outcome.refusal.message);
    this.#epoch = epoch;
    this.#number = outcome.number;
    this.#cut = Math.max(this.#cut, this.#partition.first);
  }
}

const keptBytes = 16 * 1024 * 1024;
