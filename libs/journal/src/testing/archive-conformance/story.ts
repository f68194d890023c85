import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { Actor, ActorKind, type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { InstanceKey } from "@tutti/kernel";
import type {
  ArchivePartition,
  Changes,
  HistoryRecord,
  IndexEntry,
  InstanceSnapshot,
  RecordPlace,
} from "../../archive/port.ts";
import type { BatchFeed, PlainRecord } from "./batch-feed.ts";
import { epoch, testStartMs } from "./fixture.ts";

/** An instance in a story, with its expected index line and history. */
export interface Character {
  readonly key: InstanceKey;
  incarnation: number;
  entry: IndexEntry;
  /** All its events, as history must return them. */
  readonly history: HistoryRecord[];
  last: RecordPlace;
}

export interface Ending {
  readonly status?: WorkStatus;
  /** How long it is kept. Default: a day. */
  readonly keepMs?: number;
  /** How long its id stays reserved after that. */
  readonly idKeptMs?: number;
}

const dayMs = 86_400_000;
const ann: Actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ann" };

function causeOf(batch: number): Cause {
  return { actor: ann, traceparent: "", decision: `decision ${batch}`, reason: "" };
}
const writer = new FlatWriter(1024);

/** The events of one partition: batches are written and archived as a runtime does it. */
export class Story {
  readonly feed: BatchFeed;
  readonly partition: number;
  nowMs = testStartMs;
  #incarnations = 0;
  #changed = new Set<Character>();

  constructor(feed: BatchFeed, partition: number) {
    this.feed = feed;
    this.partition = partition;
  }

  /** Writes one batch with an event of each of these, in order. New characters start. */
  write(...characters: readonly Character[]): number {
    this.nowMs += 10;
    const number = this.feed.last(this.partition) + 1;
    const cause = causeOf(number);
    const records = characters.map((character, index): PlainRecord => {
      const isFirst = character.history.length === 0;
      if (isFirst) this.#start(character);
      const { key, last, incarnation } = character;
      const record: PlainRecord = {
        ...key,
        event: character.history.length + 1,
        type: "thing_happened",
        version: 1,
        payload: new TextEncoder().encode(`${key.id} event ${character.history.length + 1} `.repeat(2)),
        previousBatch: last.batch,
        previousIndex: last.index,
        cause: index % 3 === 0 ? cause : undefined,
        incarnation: isFirst ? incarnation : 0,
      };
      this.#happened(character, record, { batch: number, index }, cause);
      return record;
    });
    this.feed.append(this.partition, this.nowMs, records);
    return number;
  }

  finish(character: Character, ending: Ending = {}): void {
    const { status = WorkStatus.WORK_STATUS_COMPLETED, keepMs = dayMs, idKeptMs = 0 } = ending;
    this.write(character);
    const keepUntilMs = this.nowMs + keepMs;
    const idKeptUntilMs = idKeptMs === 0 ? 0 : keepUntilMs + idKeptMs;
    character.entry = { ...character.entry, status, endMs: this.nowMs, keepUntilMs, idKeptUntilMs };
  }

  /** Returns the changes since the last call, covering all batches. */
  changes(snapshots: readonly InstanceSnapshot[] = []): Changes {
    const entries = [...this.#changed].map(({ entry }) => entry);
    this.#changed = new Set();
    return { coveredTo: this.feed.last(this.partition), partitionSnapshot: undefined, snapshots, entries };
  }

  /** Commits the changes, packs them, and settles. */
  async persist(archive: ArchivePartition, snapshots: readonly InstanceSnapshot[] = []): Promise<void> {
    const changes = this.changes(snapshots);
    await archive.commit(epoch, changes);
    await archive.pack(epoch, changes.coveredTo);
  }

  #start(character: Character): void {
    character.incarnation = ++this.#incarnations;
    const { incarnation } = character;
    character.entry = { ...character.entry, incarnation, startMs: this.nowMs };
  }

  #happened(character: Character, record: PlainRecord, place: RecordPlace, cause: Cause): void {
    const { event } = record;
    character.last = place;
    character.entry = { ...character.entry, events: event, last: place };
    JournalRecord.encode({ ...record, cause }, writer);
    character.history.push({ event, timeMs: this.nowMs, place, record: writer.finish() });
    this.#changed.add(character);
  }
}

/** Makes a new character. */
export function character(id: string, about: Partial<IndexEntry> & { kind?: string } = {}): Character {
  const { kind = "run", ...entry } = about;
  const key = { namespace: "default", kind, id };
  return {
    key,
    incarnation: 0,
    last: { batch: 0, index: 0 },
    history: [],
    entry: {
      key,
      incarnation: 0,
      status: WorkStatus.WORK_STATUS_RUNNING,
      definition: "order",
      labels: {},
      startMs: 0,
      endMs: 0,
      events: 0,
      last: { batch: 0, index: 0 },
      startedBy: Actor.encode(ann).finish(),
      keepUntilMs: 0,
      idKeptUntilMs: 0,
      ...entry,
    },
  };
}

/** Characters `prefix-0`, `prefix-1` … */
export function crowd(prefix: string, count: number, about: Partial<IndexEntry> = {}): Character[] {
  return Array.from({ length: count }, (_, index) => character(`${prefix}-${index}`, about));
}

export function snapshotOf(
  { key, incarnation, last, history }: Character,
  about: { dueMs?: number; outstanding?: boolean; text?: string } = {},
): InstanceSnapshot {
  const { dueMs = 0, outstanding = false, text = `${key.id} at ${history.length}, ${last.batch}` } = about;
  return { key, incarnation, snapshot: new TextEncoder().encode(text), dueMs, outstanding };
}
