import { assert, type Refusal } from "@tutti/kernel";
import { crc32 } from "../batch/crc32.ts";
import { hashOfBatch } from "../batch/hash.ts";
import { hashBeforeChecksum, readHeader } from "../batch/header.ts";
import { journalErrors } from "../errors.ts";
import { directoryOf, Ledger, tableOf } from "../ledger.ts";
import type {
  Append,
  AppendOutcome,
  Failure,
  Journal,
  JournalBatch,
  JournalPartition,
  PartitionName,
  Position,
  Seal,
  SealOutcome,
  ServicePartitions,
} from "../port.ts";

/** A stored batch: encoded, because the hash is computed over the encoded form. */
interface StoredBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * The part of a journal in memory that outlives it. A journal opened on it continues as after a restart of the process.
 */
export class MemoryStore {
  table: readonly PartitionName[] = [];
  /** Batches per partition of the table, and the number of those truncated before them. */
  readonly logs: { first: number; batches: StoredBatch[]; end: Position }[] = [];
}

/** Fault of a commit, which contains everything appended in one go. */
export type MemoryFault = "full" | "unknown-lost" | "unknown-landed";

export interface MemoryJournalOptions {
  readonly services: readonly ServicePartitions[];
  readonly store?: MemoryStore;
  readonly batchBytesMax?: number;
  /** Maximum bytes of records under way. */
  readonly waitingBytesMax?: number;
  /** Called before each commit. A returned fault makes it fail. Default: no faults. */
  readonly fault?: () => MemoryFault | undefined;
  /** Runs a commit when its turn has come. Default: at once, behind the running one. */
  readonly schedule?: (run: () => void) => void;
}

interface Waiting {
  readonly ledger: Ledger;
  readonly fields: Seal & { readonly number: number; readonly seal: boolean };
  readonly records: Uint8Array;
  readonly count: number;
  readonly settle: (outcome: AppendOutcome) => void;
}

/**
 * The journal in memory. Like a real one, commits come later and in groups, and can fail in every way that a disk can.
 * For tests, simulations, and data that need not outlive its process.
 */
export class MemoryJournal implements Journal {
  readonly partitions: readonly MemoryPartition[];
  readonly partition: (service: string, partition: number) => JournalPartition;
  readonly batchBytesMax: number;
  readonly #store: MemoryStore;
  readonly #options: MemoryJournalOptions;
  readonly #waitingBytesMax: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  #stopped: string | undefined;
  #onDone: (() => void)[] = [];
  #full: Refusal | undefined;
  #onRoom: (() => void)[] = [];

  constructor(options: MemoryJournalOptions) {
    const { services, store = new MemoryStore(), batchBytesMax = 4 * 1024 * 1024 } = options;
    this.#options = options;
    this.#store = store;
    this.batchBytesMax = batchBytesMax;
    this.#waitingBytesMax = options.waitingBytesMax ?? 2 * batchBytesMax;
    store.table = tableOf(store.table, services);
    this.partitions = store.table.map((name, index) => {
      const ledger = new Ledger(name, index);
      store.logs[index] ??= { first: 1, batches: [], end: ledger.last };
      const { number, epoch, timeMs, hash } = store.logs[index].end;
      ledger.resume(number, epoch, timeMs, hash);
      return new MemoryPartition(this, ledger, store);
    });
    this.partition = directoryOf(this.partitions);
  }

  get full(): Refusal | undefined {
    return this.#full;
  }

  /** From now on the log has no room to continue, until `makeRoom`. */
  fill(): void {
    this.#full = journalErrors.full.refusal({ reason: "it was filled" }, { retryAfterMs: 1_000 });
  }

  freeRoom(): void {
    this.#full = undefined;
    const onRoom = this.#onRoom;
    this.#onRoom = [];
    for (const resolve of onRoom) resolve();
  }

  room(): Promise<void> | undefined {
    if (this.#full !== undefined) return new Promise((resolve) => this.#onRoom.push(resolve));
    if (this.#waitingBytes + this.batchBytesMax <= this.#waitingBytesMax) return;
    return new Promise((resolve) => this.#onDone.push(resolve));
  }

  append(ledger: Ledger, batch: Append): Promise<AppendOutcome> {
    const { epoch, number, timeMs, behaviour, records, count } = batch;
    assert(records.length <= this.batchBytesMax, "a batch is not larger than the journal takes", {
      bytes: records.length,
      batchBytesMax: this.batchBytesMax,
    });
    const failure = this.#stop() ?? ledger.judge(batch) ?? this.#checkRoom(ledger, records.length);
    if (failure !== undefined) return Promise.resolve(failure);
    const fields = { epoch, number, timeMs, behaviour, seal: false };
    return new Promise((settle) => this.#add({ ledger, fields, records: records.slice(), count, settle }));
  }

  seal(ledger: Ledger, seal: Seal): Promise<SealOutcome> {
    const failure = this.#stop() ?? ledger.judgeSeal(seal);
    if (failure !== undefined) return Promise.resolve(failure);
    const fields = ledger.sealing(seal);
    const { number } = fields;
    return new Promise((resolve) => {
      const settle = (outcome: AppendOutcome): void =>
        resolve(outcome.kind === "durable" ? { kind: "sealed", number } : outcome);
      this.#add({ ledger, fields, records: new Uint8Array(0), count: 0, settle });
    });
  }

  async close(): Promise<void> {
    this.#stopped ??= "it was closed";
    while (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#onDone.push(resolve));
  }

  #stop(): Failure | undefined {
    if (this.#stopped === undefined) return;
    return { kind: "stopped", refusal: journalErrors.stopped.refusal({ reason: this.#stopped }) };
  }

  #checkRoom(ledger: Ledger, bytes: number): Failure | undefined {
    return this.#waitingBytes + bytes <= this.#waitingBytesMax ? undefined : ledger.busy();
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.records.length;
    waiting.ledger.submitted(waiting.fields.epoch, waiting.fields.timeMs);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const schedule = this.#options.schedule ?? queueMicrotask;
    schedule(() => this.#commit());
  }

  #commit(): void {
    this.#isScheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const fault = this.#options.fault?.();
    if (fault !== "full" && fault !== "unknown-lost")
      for (const append of waiting) this.#write(append, fault);
    if (fault === undefined) for (const { settle } of waiting) settle({ kind: "durable" });
    else this.#fail(waiting, fault);
    const onDone = this.#onDone;
    this.#onDone = [];
    for (const resolve of onDone) resolve();
  }

  #write({ ledger, fields, records, count }: Waiting, fault: MemoryFault | undefined): void {
    const log = this.#store.logs[ledger.index];
    if (log === undefined) return;
    const bytes = encode(ledger, fields, records, log.end.hash);
    const hash = hashOfBatch(bytes);
    const { number, epoch, timeMs } = fields;
    log.batches.push({ bytes, count });
    log.end = { number, epoch, timeMs, hash };
    if (fault !== undefined) return;
    ledger.durable(number, epoch, timeMs);
    ledger.hash.set(hash);
  }

  #fail(waiting: readonly Waiting[], fault: MemoryFault): void {
    const reason = "an injected fault";
    for (const { ledger } of waiting) ledger.rollBack();
    const isFull = fault === "full";
    if (!isFull) this.#stopped = reason;
    const { full, outcomeUnknown } = journalErrors;
    const refusal = isFull ? full.refusal({ reason }) : outcomeUnknown.refusal({ reason });
    for (const { settle } of waiting) settle({ kind: isFull ? "full" : "unknown", refusal });
  }
}

class MemoryPartition implements JournalPartition {
  readonly service: string;
  readonly partition: number;
  readonly #journal: MemoryJournal;
  readonly #ledger: Ledger;
  readonly #store: MemoryStore;

  constructor(journal: MemoryJournal, ledger: Ledger, store: MemoryStore) {
    this.service = ledger.service;
    this.partition = ledger.partition;
    this.#journal = journal;
    this.#ledger = ledger;
    this.#store = store;
  }

  get first(): number {
    return this.#store.logs[this.#ledger.index]?.first ?? 1;
  }

  get last(): Position {
    return this.#ledger.last;
  }

  append(batch: Append): Promise<AppendOutcome> {
    return this.#journal.append(this.#ledger, batch);
  }

  seal(seal: Seal): Promise<SealOutcome> {
    return this.#journal.seal(this.#ledger, seal);
  }

  async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    this.#ledger.checkReadable(from, this.first);
    const last = this.#ledger.durableNumber;
    const stored = this.#store.logs[this.#ledger.index]?.batches ?? [];
    const batches = stored.slice(from - this.first, last + 1 - this.first);
    if (batches.length > 0) yield batches.map(decode);
  }

  truncate(before: number): Promise<void> {
    const log = this.#store.logs[this.#ledger.index];
    const first = Math.min(before, this.#ledger.durableNumber + 1);
    if (log !== undefined && first > log.first) {
      log.batches.splice(0, first - log.first);
      log.first = first;
    }
    return Promise.resolve();
  }
}

function encode(
  ledger: Ledger,
  fields: Waiting["fields"],
  records: Uint8Array,
  hash: Uint8Array,
): Uint8Array {
  const { headerBytes, checksumAt } = ledger.encoder.places(fields);
  const bytes = new Uint8Array(headerBytes + records.length);
  const view = new DataView(bytes.buffer);
  ledger.encoder.write(bytes, view, 0, fields);
  bytes.set(hash, checksumAt - hashBeforeChecksum);
  view.setUint32(checksumAt, crc32(records), true);
  bytes.set(records, headerBytes);
  return bytes;
}

function decode({ bytes, count }: StoredBatch): JournalBatch {
  const header = readHeader(bytes);
  assert(header !== undefined, "a batch in memory is as it was written");
  const { number, epoch, timeMs, behaviour, seal, previousHash, headerBytes } = header;
  const records = bytes.subarray(headerBytes);
  return { number, epoch, timeMs, behaviour, seal, previousHash, records, count };
}
