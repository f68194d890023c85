import type { Journal, JournalBatch, JournalPartition, ServicePartitions } from "../port.ts";

/** Faults of the next commit. */
export type CommitFault = "full" | "unknown";

/** A journal under test. */
export interface JournalFixture extends AsyncDisposable {
  readonly journal: Journal;
  /** Closes the journal gracefully and opens it again. */
  reopen(services?: readonly ServicePartitions[]): Promise<Journal>;
  /** Makes the next commit fail. See `canFail`. */
  readonly fail?: (fault: CommitFault) => void;
  /** After a full disk: there is room again. */
  readonly freeRoom?: () => void;
}

/** The subject of the suite. */
export interface JournalUnderTest {
  readonly name: string;
  /** Reason why it cannot run here. */
  readonly skip?: string | false;
  /** Whether commits can be made to fail: then fixtures have `fail`. */
  readonly canFail: boolean;
  /** Whether each partition has a separate log, so that a failure stops only that partition. Default: false. */
  readonly logPerPartition?: boolean;
  open(options: {
    readonly services: readonly ServicePartitions[];
    readonly batchBytesMax?: number;
  }): Promise<JournalFixture>;
}

/** Returns all batches from a number on. */
export async function batchesFrom(partition: JournalPartition, from = 1): Promise<JournalBatch[]> {
  const all: JournalBatch[] = [];
  for await (const slice of partition.read(from)) all.push(...slice);
  return all;
}

const timeMs = 1_767_225_600_000;

/** Appends to a partition under one epoch, numbering as an owner does. */
export class Owner {
  readonly partition: JournalPartition;
  readonly epoch: number;
  next: number;

  constructor(partition: JournalPartition, epoch: number) {
    this.partition = partition;
    this.epoch = epoch;
    this.next = partition.last.number + 1;
  }

  /** Seals and becomes the owner. */
  static async of(partition: JournalPartition, epoch: number = partition.last.epoch + 1): Promise<Owner> {
    const owner = new Owner(partition, epoch);
    const outcome = await owner.seal();
    if (outcome.kind !== "sealed") throw new Error(`could not seal: ${outcome.refusal.message}`);
    return owner;
  }

  async seal() {
    const { epoch, partition } = this;
    const outcome = await partition.seal({ epoch, timeMs, behaviour: 1 });
    if (outcome.kind === "sealed") this.next = outcome.number + 1;
    return outcome;
  }

  append(records: Uint8Array | string, number = this.next) {
    this.next = number + 1;
    const bytes = typeof records === "string" ? recordBytes(records) : records;
    return this.partition.append({
      epoch: this.epoch,
      number,
      timeMs: timeMs + number,
      behaviour: 1,
      records: bytes,
      count: 1,
    });
  }
}

/** Returns a record with this text as its id, encoded as in the contract. */
export function recordBytes(text: string): Uint8Array {
  const id = new TextEncoder().encode(text);
  const body = Uint8Array.from([(3 << 3) | 2, ...varint(id.length), ...id]);
  return Uint8Array.from([(2 << 3) | 2, ...varint(body.length), ...body]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
