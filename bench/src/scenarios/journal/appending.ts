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

/** The owner of every partition of a journal. It cuts what is behind, as snapshots let a runtime do. */
export class Appender {
  readonly #journal: Journal;
  readonly #partitions: readonly JournalPartition[];
  readonly #numbers: number[] = [];
  readonly #epochs: number[] = [];
  readonly #cuts: number[] = [];

  private constructor(journal: Journal) {
    this.#journal = journal;
    this.#partitions = journal.partitions;
  }

  static async of(journal: Journal): Promise<Appender> {
    const appender = new Appender(journal);
    for (const [index, partition] of journal.partitions.entries()) {
      const epoch = partition.last.epoch + 1;
      const outcome = await partition.seal({ epoch, timeMs: 0, behaviour: 1 });
      if (outcome.kind !== "sealed") throw new Error(outcome.refusal.message);
      appender.#numbers[index] = outcome.number;
      appender.#cuts[index] = outcome.number;
      appender.#epochs[index] = epoch;
    }
    return appender;
  }

  async append(index: number, records: Uint8Array): Promise<void> {
    for (let room = this.#journal.room(); room !== undefined; room = this.#journal.room()) await room;
    const partition = this.#partitions[index];
    const number = (this.#numbers[index] ?? 0) + 1;
    this.#numbers[index] = number;
    const outcome = await partition?.append({
      epoch: this.#epochs[index] ?? 0,
      number,
      timeMs: 0,
      behaviour: 1,
      records,
      count: 1,
    });
    if (outcome?.kind !== "durable") throw new Error(outcome?.refusal.message ?? `no partition ${index}`);
    if ((number - (this.#cuts[index] ?? 0)) * records.length < keptBytes) return;
    this.#cuts[index] = number;
    await partition?.truncate(number);
  }
}

const keptBytes = 16 * 1024 * 1024;
