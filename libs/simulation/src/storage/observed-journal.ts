/**
 * A journal with an observer of its appends, its acknowledgements and, when the log is opened again, its content. It
 * sits between the runtime and the real journal, and changes only the time of answers.
 */
import type {
  Append,
  AppendOutcome,
  Journal,
  JournalBatch,
  JournalPartition,
  Position,
  Seal,
  SealOutcome,
} from "@tutti/journal";
import type { Chronicle, WrittenBatch } from "../checks/chronicle.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";

/** Appends in flight to a log: they may be durable or not. Outlives the process that appended them. */
export class InFlightAppends {
  readonly partitions: WrittenBatch[][];

  constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => []);
  }
}

export interface Observation {
  readonly world: World;
  readonly chronicle: Chronicle;
  /** The observed process. Undefined for a mere reader. */
  readonly life: Life | undefined;
  readonly inFlight: InFlightAppends;
}

export class ObservedJournal implements Journal {
  readonly partitions: readonly JournalPartition[];
  readonly batchBytesMax: number;
  readonly #inner: Journal;
  readonly #observation: Observation;

  constructor(inner: Journal, observation: Observation) {
    this.#inner = inner;
    this.#observation = observation;
    this.batchBytesMax = inner.batchBytesMax;
    this.partitions = inner.partitions.map((partition) => new ObservedPartition(partition, observation));
  }

  partition(_service: string, partition: number): JournalPartition {
    const found = this.partitions[partition];
    if (found === undefined) throw new Error(`there is no partition ${partition}`);
    return found;
  }

  room(): Promise<void> | undefined {
    return this.#inner.room();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Compares a log that was just opened: it has all known batches, and a prefix of those in flight. */
  async compare(): Promise<void> {
    const { world, chronicle, inFlight } = this.#observation;
    for (const [index, partition] of this.#inner.partitions.entries()) {
      const known = chronicle.partition(index).last?.number ?? 0;
      const { number } = partition.last;
      if (number < known) {
        world.fail(
          "acknowledged",
          `partition ${index} ends with batch ${number}, batch ${known} was acknowledged`,
        );
        return;
      }
      const waiting = inFlight.partitions[index] ?? [];
      for (const batch of await batchesOf(partition, known + 1)) {
        const appended = waiting.shift();
        if (appended === undefined || !isSame(batch, appended)) {
          world.fail(
            "journal",
            `batch ${batch.number} of partition ${index} is another one than was appended there`,
          );
          return;
        }
        const { timeMs } = batch;
        chronicle.durable(index, { ...appended, number: batch.number, timeMs });
      }
      inFlight.partitions[index] = [];
    }
  }

  /** Checks that all readable batches were appended. */
  async compareAll(): Promise<void> {
    const { world, chronicle } = this.#observation;
    for (const [index, partition] of this.#inner.partitions.entries()) {
      const { batches } = chronicle.partition(index);
      for (const batch of await batchesOf(partition, partition.first)) {
        const known = batches[batch.number - 1];
        if (known !== undefined && isSame(batch, known)) continue;
        world.fail("journal", `batch ${batch.number} of partition ${index} is not the one that was appended`);
      }
    }
  }
}

class ObservedPartition implements JournalPartition {
  readonly service: string;
  readonly partition: number;
  readonly #inner: JournalPartition;
  readonly #observation: Observation;

  constructor(inner: JournalPartition, observation: Observation) {
    this.service = inner.service;
    this.partition = inner.partition;
    this.#inner = inner;
    this.#observation = observation;
  }

  get first(): number {
    return this.#inner.first;
  }

  get last(): Position {
    return this.#inner.last;
  }

  async append(append: Append): Promise<AppendOutcome> {
    if (!this.#cross()) return never();
    const { number, epoch, timeMs } = append;
    const records = append.records.slice();
    const batch = { number, epoch, timeMs, seal: false, records, writer: this.#writer };
    const outcome = await this.#under(batch, this.#inner.append(append));
    if (outcome.kind !== "durable") this.#failed(outcome.kind);
    return outcome;
  }

  async seal(seal: Seal): Promise<SealOutcome> {
    if (!this.#cross()) return never();
    const { epoch, timeMs } = seal;
    const batch = { number: 0, epoch, timeMs, seal: true, records: nothing, writer: this.#writer };
    const outcome = await this.#under(batch, this.#inner.seal(seal));
    if (outcome.kind !== "sealed") this.#failed(outcome.kind);
    return outcome;
  }

  async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    for await (const slice of this.#inner.read(from)) {
      if (!this.#cross()) await never();
      yield slice;
    }
  }

  async truncate(before: number): Promise<void> {
    const { life, world } = this.#observation;
    if (!this.#cross()) return never();
    world.trace(nameOf(life), () => `cuts partition ${this.partition} before batch ${before}`);
    await this.#inner.truncate(before);
  }

  get #writer(): string {
    const { life } = this.#observation;
    return `${nameOf(life)}#${life?.number ?? 0}`;
  }

  #cross(): boolean {
    return this.#observation.life?.cross() ?? true;
  }

  /** Records a durable batch before the appender learns of it. */
  async #under<Outcome extends AppendOutcome | SealOutcome>(
    batch: WrittenBatch,
    appending: Promise<Outcome>,
  ): Promise<Outcome> {
    const { chronicle, inFlight } = this.#observation;
    const waiting = inFlight.partitions[this.partition] ?? [];
    waiting.push(batch);
    const outcome = await appending;
    const at = waiting.indexOf(batch);
    if (outcome.kind === "durable" || outcome.kind === "sealed") {
      // Earlier batches without an answer have become durable with it.
      waiting.splice(0, at + 1);
      const number = outcome.kind === "sealed" ? outcome.number : batch.number;
      // A seal has the time of the previous batch if that was later.
      const { timeMs } = this.#inner.last;
      chronicle.durable(this.partition, batch.seal ? { ...batch, number, timeMs } : batch);
    } else if (outcome.kind !== "unknown" && at >= 0) {
      waiting.splice(at, 1);
    }
    return outcome;
  }

  #failed(kind: string): void {
    const { world, life } = this.#observation;
    world.trace(nameOf(life), () => `learns that its append to partition ${this.partition} is ${kind}`);
  }
}

function nameOf(life: Life | undefined): string {
  return life?.name ?? "observer";
}

const nothing = new Uint8Array(0);

function isSame(batch: JournalBatch, { epoch, seal, records }: WrittenBatch): boolean {
  return batch.epoch === epoch && batch.seal === seal && Buffer.compare(batch.records, records) === 0;
}

async function batchesOf(partition: JournalPartition, from: number): Promise<JournalBatch[]> {
  const all: JournalBatch[] = [];
  for await (const slice of partition.read(from)) all.push(...slice);
  return all;
}

/** Returns a promise for a dead process: it never settles. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
