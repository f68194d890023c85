import { assert, type Refusal, type Timer, type Timers } from "@tutti/kernel";
import type { HeaderFields } from "../batch/header.ts";
import { journalErrors } from "../errors.ts";
import { directoryOf, type Ledger } from "../ledger.ts";
import type {
  Append,
  AppendOutcome,
  Failure,
  Journal,
  JournalBatch,
  JournalPartition,
  Position,
  Seal,
  SealOutcome,
} from "../port.ts";
import { GroupBuffer, type Waiting } from "./group.ts";
import type { WriterHost } from "./host.ts";
import { LastBatches } from "./last-batches.ts";
import { aligned } from "./layout.ts";
import type { LocatedBatches } from "./located.ts";
import type { LogPlace } from "./log-reader.ts";
import type { GroupPlace } from "./places.ts";
import { readBatches } from "./reader.ts";
import type { Prepared, Segments } from "./segments.ts";
import type { CommitResult, Durable } from "./writer.ts";

export interface SegmentsJournalParts {
  readonly ledgers: readonly Ledger[];
  readonly segments: Segments;
  readonly host: WriterHost;
  readonly batchBytesMax: number;
  /** End of the log. */
  readonly end: LogPlace;
  /** Called for every group that has become durable. */
  readonly committed: ((group: CommittedGroup) => void) | undefined;
  /** Without timers, a full disk is noticed by the append that finds no room. */
  readonly timers: Timers | undefined;
}

/** The result of one sync. */
export interface CommittedGroup {
  readonly batches: number;
  readonly bytes: number;
}

/**
 * The journal on segments: collects batches of all partitions in groups, and answers when a group is durable.
 *
 * 1. One group fills while another is under way. A group leaves when the one before it is durable, and appends of one
 *    go leave together. A third stays as it was written, because its hashes may be missing.
 * 2. Answers are given in the order of the appends, after all state of the group is updated.
 * 3. After an unknown outcome nothing is accepted: the log must be read again to know its batches.
 * 4. A group that finds no room on the disk is refused, with everything filled behind it. Nothing of it is written.
 * 5. When there is no room for the next segment, the journal is `full` while half a segment is left: owners stop
 *    deciding, and no decision is lost. It tries each second to create that segment, and stays full until it succeeds.
 */
export class SegmentsJournal implements Journal {
  readonly partitions: readonly SegmentsPartition[];
  readonly partition: (service: string, partition: number) => JournalPartition;
  readonly batchBytesMax: number;
  readonly #ledgers: readonly Ledger[];
  readonly #segments: Segments;
  readonly #host: WriterHost;
  #filling: GroupBuffer;
  /** Groups to fill, the longest unused first. */
  readonly #spare: GroupBuffer[];
  readonly #last: LastBatches;
  #committing: GroupBuffer | undefined;
  #isFlushScheduled = false;
  #stopped: string | undefined;
  #closed: Promise<void> | undefined;
  #onDone: (() => void)[] = [];
  #end: LogPlace;
  readonly #onCommitted: SegmentsJournalParts["committed"];
  readonly #timers: Timers | undefined;
  #full: Refusal | undefined;
  #probe: Timer | undefined;
  #onRoom: (() => void)[] = [];

  constructor({ ledgers, segments, host, batchBytesMax, end, committed, timers }: SegmentsJournalParts) {
    this.#end = end;
    this.#timers = timers;
    this.#onCommitted = committed;
    this.batchBytesMax = batchBytesMax;
    this.#ledgers = ledgers;
    this.#segments = segments;
    this.#host = host;
    const bytes = GroupBuffer.bytesFor(batchBytesMax);
    this.#filling = new GroupBuffer(host.memory(bytes));
    this.#spare = [new GroupBuffer(host.memory(bytes)), new GroupBuffer(host.memory(bytes))];
    this.#last = new LastBatches(ledgers, host);
    this.partitions = ledgers.map((ledger) => new SegmentsPartition(this, ledger, segments));
    this.partition = directoryOf(this.partitions);
  }

  /** End of the durable part of the log: the bound for a `LogReader`. */
  get end(): LogPlace {
    return this.#end;
  }

  get full(): Refusal | undefined {
    return this.#full;
  }

  /** Bytes of all segments on the disk. */
  get bytes(): number {
    return this.#segments.places.bytes;
  }

  /** From its resolution until the returned function is called, nothing of the log is removed. */
  hold(): Promise<() => void> {
    return this.#segments.hold();
  }

  room(): Promise<void> | undefined {
    if (this.#full !== undefined) return new Promise((resolve) => this.#onRoom.push(resolve));
    if (this.#committing === undefined || this.#filling.fits(this.batchBytesMax)) return;
    return new Promise((resolve) => this.#onDone.push(resolve));
  }

  append(ledger: Ledger, batch: Append): Promise<AppendOutcome> {
    const { epoch, number, timeMs, behaviour, records, count } = batch;
    assert(records.length <= this.batchBytesMax, "a batch is not larger than the journal takes", {
      bytes: records.length,
      batchBytesMax: this.batchBytesMax,
    });
    const failure = this.#stop() ?? ledger.judge(batch) ?? this.#ensureRoom(ledger, records.length);
    if (failure !== undefined) return Promise.resolve(failure);
    return new Promise((settle) => {
      const fields = { epoch, number, timeMs, behaviour, seal: false };
      this.#add(ledger, fields, records, count, settle);
    });
  }

  seal(ledger: Ledger, seal: Seal): Promise<SealOutcome> {
    const failure = this.#stop() ?? ledger.judgeSeal(seal) ?? this.#ensureRoom(ledger, 0);
    if (failure !== undefined) return Promise.resolve(failure);
    const fields = ledger.sealing(seal);
    const { number } = fields;
    return new Promise((settle) => {
      this.#add(ledger, fields, noRecords, 0, (outcome) =>
        settle(outcome.kind === "durable" ? { kind: "sealed", number } : outcome),
      );
    });
  }

  /** Ensures that a ledger has the hash of its last durable batch. */
  hash(ledger: Ledger): void {
    this.#last.hash(ledger);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // Earlier appends are still written. New ones are refused.
    this.#stopped ??= "it was closed";
    this.#hasRoom();
    for (;;) {
      this.#flush();
      if (this.#committing === undefined) break;
      await new Promise<void>((resolve) => this.#onDone.push(resolve));
    }
    await this.#host.close();
    await this.#segments.close();
  }

  #stop(): Failure | undefined {
    if (this.#stopped === undefined) return;
    return { kind: "stopped", refusal: journalErrors.stopped.refusal({ reason: this.#stopped }) };
  }

  #ensureRoom(ledger: Ledger, recordBytes: number): Failure | undefined {
    if (this.#filling.fits(recordBytes)) return;
    this.#flush();
    return this.#filling.fits(recordBytes) ? undefined : ledger.busy();
  }

  #add(
    ledger: Ledger,
    fields: HeaderFields,
    records: Uint8Array,
    count: number,
    settle: (outcome: AppendOutcome) => void,
  ): void {
    const { number, epoch, timeMs } = fields;
    const waiting: Waiting = { partition: ledger.index, number, epoch, timeMs, settle, from: 0, bytes: 0 };
    this.#filling.add(ledger.encoder, fields, records, count, waiting);
    ledger.submitted(epoch, timeMs);
    this.#flushSoon();
  }

  /**
   * Includes later appends of the same go, and the next appends of the callers that are answered now. Otherwise waiting
   * callers would split into two groups that take turns, each waiting for the sync of the other.
   */
  #flushSoon(): void {
    if (this.#committing !== undefined || this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    let turns = turnsToWait;
    const turn = (): void => {
      turns--;
      if (turns > 0) {
        queueMicrotask(turn);
        return;
      }
      this.#isFlushScheduled = false;
      this.#flush();
    };
    queueMicrotask(turn);
  }

  /** Sends the filled group, unless one is under way or it is empty. */
  #flush(): void {
    if (this.#committing !== undefined || this.#filling.batches === 0) return;
    const group = this.#filling;
    this.#committing = group;
    // There is a spare group, because only this one is under way.
    this.#filling = this.#spare.shift() as GroupBuffer;
    this.#last.release(this.#filling);
    this.#host.commit(group, (result) => this.#committed(group, result));
  }

  #committed(group: GroupBuffer, result: CommitResult): void {
    const { length } = group;
    const waiting = group.drain();
    this.#committing = undefined;
    this.#spare.push(group);
    if (result.kind === "durable") {
      this.#end = { segment: result.segment, offset: result.offset + aligned(length) };
      this.#durable(group, waiting, result);
      this.#onCommitted?.({ batches: waiting.length, bytes: length });
    } else this.#failed(waiting, result.kind, result.reason);
    const onDone = this.#onDone;
    this.#onDone = [];
    for (const resolve of onDone) resolve();
  }

  #durable(group: GroupBuffer, waiting: readonly Waiting[], place: Durable): void {
    if (place.segment > this.#segments.places.newest) this.#hasRoom();
    this.#segments.enter(place, waiting);
    for (const { partition, number, epoch, timeMs } of waiting) {
      this.#ledgers[partition]?.durable(number, epoch, timeMs);
    }
    this.#last.add(group, waiting);
    for (const { settle } of waiting) settle(durable);
    this.#flushSoon();
    void this.#segments.prepareNext(place)?.then((prepared) => this.#prepared(prepared));
  }

  /** The next segment was prepared, or there is no room for it. */
  #prepared(prepared: Prepared): void {
    if (typeof prepared === "object") this.#isFull(prepared.noRoom);
    else this.#hasRoom();
  }

  #isFull(reason: string): void {
    if (this.#timers === undefined || this.#stopped !== undefined) return;
    this.#full = journalErrors.full.refusal({ reason }, { retryAfterMs: fullRetryMs });
    this.#probe?.cancel();
    this.#probe = this.#timers.after(fullRetryMs, () => {
      void this.#segments.prepare().then((prepared) => this.#prepared(prepared));
    });
  }

  #hasRoom(): void {
    this.#probe?.cancel();
    this.#probe = undefined;
    if (this.#full === undefined) return;
    this.#full = undefined;
    const onRoom = this.#onRoom;
    this.#onRoom = [];
    for (const resolve of onRoom) resolve();
  }

  #failed(waiting: readonly Waiting[], kind: "full" | "unknown", reason: string): void {
    const behind = this.#filling.drain();
    if (kind === "full") {
      for (const ledger of this.#ledgers) ledger.rollBack();
      const refusal = journalErrors.full.refusal({ reason }, { retryAfterMs: fullRetryMs });
      for (const { settle } of [...waiting, ...behind]) settle({ kind, refusal });
      this.#isFull(reason);
      return;
    }
    this.#stopped = reason;
    this.#hasRoom();
    const refusal = journalErrors.outcomeUnknown.refusal({ reason });
    for (const { settle } of waiting) settle({ kind, refusal });
    const stopped = journalErrors.stopped.refusal({ reason });
    for (const { settle } of behind) settle({ kind: "stopped", refusal: stopped });
  }
}

/** One partition's view of the journal. */
class SegmentsPartition implements JournalPartition {
  readonly service: string;
  readonly partition: number;
  readonly #journal: SegmentsJournal;
  readonly #ledger: Ledger;
  readonly #segments: Segments;

  constructor(journal: SegmentsJournal, ledger: Ledger, segments: Segments) {
    this.service = ledger.service;
    this.partition = ledger.partition;
    this.#journal = journal;
    this.#ledger = ledger;
    this.#segments = segments;
  }

  get first(): number {
    return this.#segments.places.first(this.#ledger.index);
  }

  get last(): Position {
    this.#journal.hash(this.#ledger);
    return this.#ledger.last;
  }

  append(batch: Append): Promise<AppendOutcome> {
    return this.#journal.append(this.#ledger, batch);
  }

  seal(seal: Seal): Promise<SealOutcome> {
    return this.#journal.seal(this.#ledger, seal);
  }

  read(from: number): AsyncIterable<readonly JournalBatch[]> {
    return readBatches(this.#segments, this.#ledger, from);
  }

  truncate(before: number): Promise<void> {
    return this.#segments.truncate(this.#ledger.index, before);
  }

  /** Returns the places of the batches from one number on, some at a time. Undefined if they are not in files. */
  locate(from: number, upTo: number): LocatedBatches | undefined {
    const { directory, places, logId, partitions } = this.#segments;
    if (directory === undefined) return;
    const { index, durableNumber } = this.#ledger;
    this.#ledger.checkReadable(from, places.first(index));
    const groups: GroupPlace[] = [];
    for (const place of places.from(index, from)) if (groups.push(place) >= locatedAtOnce) break;
    return { directory, logId, partitions, index, groups, from, upTo: Math.min(upTo, durableNumber) };
  }
}

/** More groups than are read in one go. */
const locatedAtOnce = 512;

const durable: AppendOutcome = Object.freeze({ kind: "durable" });
/** Turns of the microtask queue: the distance from an answer through an `await` or two to the next append. */
const turnsToWait = 3;
const noRecords = new Uint8Array(0);
/** Pause between checks of a full disk: each attempt writes until it is full again. */
const fullRetryMs = 1_000;
