import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { Archive, IndexEntry, JournalBatch, RecordPlace } from "@tutti/journal";

export const partitions = 16;
/** Of the only owner. */
const epoch = 1;
const payload = new Uint8Array(100).fill(66);
const startedBy = new Uint8Array(16).fill(65);
const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "somebody" },
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  decision: "",
  reason: "",
};
/** Every machine has one of them as a label. */
export const regions = ["eu", "us", "asia"];

/** A machine whose events are written. */
export interface Subject {
  readonly id: string;
  readonly incarnation: number;
  events: number;
  last: RecordPlace;
}

/** What one partition of a runtime would have written and kept. */
export class PartitionFiller {
  readonly #archive: Archive;
  readonly #partition: number;
  readonly #writer = new FlatWriter(1024 * 1024);
  #batches: JournalBatch[] = [];
  #number = 0;
  #incarnations = 0;
  #timeMs = 1_767_225_600_000;

  constructor(archive: Archive, partition: number) {
    this.#archive = archive;
    this.#partition = partition;
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  open(): Promise<unknown> {
    return this.#archive.partition(this.#partition).opening(epoch);
  }

  /** Where the archive reads. */
  async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    yield await Promise.resolve(this.#batches.filter(({ number }) => number >= from));
  }

  subject(id: string): Subject {
    return { id, incarnation: ++this.#incarnations, events: 0, last: { batch: 0, index: 0 } };
  }

  /** One batch with an event of each of these. */
  write(subjects: readonly Subject[]): void {
    const number = ++this.#number;
    const writer = this.#writer;
    writer.reset();
    for (const [index, subject] of subjects.entries()) {
      const { id, incarnation, last } = subject;
      subject.events++;
      writer.uint32(18).fork();
      const record = {
        namespace: "default",
        kind: "run",
        id,
        event: subject.events,
        type: "task_completed",
        version: 1,
        payload,
        previousBatch: last.batch,
        previousIndex: last.index,
        cause: index % 10 === 0 ? cause : undefined,
        incarnation: subject.events === 1 ? incarnation : 0,
      };
      JournalRecord.encode(record, writer);
      writer.join();
      subject.last = { batch: number, index };
    }
    this.#timeMs += 10;
    const about = { number, epoch, timeMs: this.#timeMs, behaviour: 1, seal: false };
    const records = writer.finish();
    this.#batches.push({ ...about, previousHash: new Uint8Array(0), records, count: subjects.length });
  }

  /** A line of the index; ended when it says how long to keep it. */
  entry({ id, incarnation, events, last }: Subject, keepMs?: number): IndexEntry {
    const endMs = keepMs === undefined ? 0 : this.#timeMs + (incarnation % 7);
    const isFailed = incarnation % 50 === 0;
    const ended = isFailed ? WorkStatus.WORK_STATUS_FAILED : WorkStatus.WORK_STATUS_COMPLETED;
    return {
      key: { namespace: "default", kind: "run", id },
      incarnation,
      status: keepMs === undefined ? WorkStatus.WORK_STATUS_RUNNING : ended,
      definition: `order-${incarnation % 7}`,
      labels: { region: regions[incarnation % 3] ?? "", customer: `c-${incarnation % 5_000}` },
      startMs: this.#timeMs - 5,
      endMs,
      events,
      last,
      startedBy,
      keepUntilMs: keepMs === undefined ? 0 : endMs + keepMs,
      idKeptUntilMs: 0,
    };
  }

  /** Commits these lines, packs, and settles, as a runtime does; the journal is cut behind it. */
  async keep(entries: readonly IndexEntry[]): Promise<void> {
    const partition = this.#archive.partition(this.#partition);
    const changes = { coveredTo: this.#number, partitionSnapshot: undefined, snapshots: [], entries };
    await partition.commit(epoch, changes);
    await partition.pack(epoch, this.#number);
    this.#batches = [];
  }

  /** So many instances that begin, have a few events, and end. */
  async short(prefix: string, count: number, keepMs: number): Promise<void> {
    const subjects = Array.from({ length: count }, (_, index) => this.subject(`${prefix}-${index}`));
    for (let event = 0; event < eventsOfShort; event++) this.write(subjects);
    await this.keep(subjects.map((subject) => this.entry(subject, keepMs)));
  }
}

const eventsOfShort = 3;
