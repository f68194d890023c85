/**
 * Archives a partition's instances, so that the journal can be cut, memory is bounded and lists are current. Runs next
 * to the turns, a slice at a time.
 *
 * 1. The stored data is taken between two turns and committed when all of it is durable in the journal.
 * 2. The journal is cut up to the oldest record that no committed snapshot contains, and up to the last packed batch.
 *    So a record that is cut is never needed again.
 * 3. An instance leaves memory only when the archive has it whole, or when its end is durable and nothing of it is to
 *    be kept.
 * 4. An instance that the archive knows as ended and not kept gets nothing more here, with or without the commit: its
 *    later events would have no beginning.
 * 5. A line in the index follows within two ticks and a commit: below a second. A list does not wait for ticks: its
 *    lines are written when it is requested.
 */
import { archiveErrors, type Changes, type IndexEntry, type InstanceSnapshot } from "@tutti/journal";
import {
  assert,
  type Backoff,
  backoffMs,
  type Chance,
  errorFromUnknown,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import type { Retention, RuntimeLimits } from "../options.ts";
import { encodePartition } from "../snapshots/snapshot.ts";
import { dropOldKeys } from "./answered-keys.ts";
import { type DirtyEntry, DirtyInstances } from "./dirty-instances.ts";
import type { Instance } from "./instance.ts";
import { type Archiver, memoryShares, type PartitionMemory } from "./memory.ts";
import {
  canBeArchived,
  entryOf,
  isDiscarded,
  isRemoval,
  isRestoredFromHistory,
  snapshotOf,
} from "./stored-form.ts";

export interface ArchiverParts {
  readonly memory: PartitionMemory;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly coveredTo: number;
  retentionOf(kind: string): Retention;
  /** An instance was passivated whose next timer is due then. */
  onPassivated(dueMs: number): void;
}

/** The data that one commit takes from memory, between two turns. */
interface Capture {
  readonly changes: Changes;
  readonly upTo: number;
  readonly saved: readonly DirtyEntry[];
  readonly listed: readonly Instance[];
  /** Resumed instances that the archive still knows as ended. */
  readonly resumed: readonly Instance[];
}

/** Instances per commit: encoding them delays the turns. */
const sliceInstances = 256;
/** Instances checked for passivation per tick. */
const sweepInstances = 4_096;
/** An idle partition is cut from time to time too, so that it does not hold old segments. */
const cutEveryTicks = 40;
/** An instance that is due sooner stays in memory. */
const dueSoonMs = 5_000;
/** The minimum idle time before passivation, at any load: the next step of most instances comes sooner. */
const idleMsMin = 500;
const pause: Backoff = { firstMs: 100, maxMs: 5_000 };

export class PartitionArchiver implements Archiver {
  readonly #parts: ArchiverParts;
  readonly #memory: PartitionMemory;
  readonly #dirty = new DirtyInstances();
  /** Instances whose lines in the index must be written. */
  readonly #entries = new Set<Instance>();
  #pendingSinceMs: number | undefined;
  #coveredTo: number;
  /** Bytes appended to the journal at the start of the last cut. */
  #cutBytes = 0;
  /** The same, of the last completed cut. */
  #doneBytes = 0;
  #ticks = 0;
  #timer: Timer | undefined;
  /** While the partition is being loaded, states are incomplete: nothing is archived before that is over. */
  #isStarted = false;
  #isWorking = false;
  #isPacking = false;
  #packedTo = 0;
  #failures = 0;
  #sweep: Iterator<Instance> | undefined;
  /** Callers that wait until the index has all lines that are due. */
  #waiting: (() => void)[] = [];
  /** Callers that wait for the lines that are being written. */
  #answering: (() => void)[] = [];

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#coveredTo = parts.coveredTo;
  }

  /** All batches up to this one are contained in the archive. */
  get coveredTo(): number {
    return this.#coveredTo;
  }

  dirty(instance: Instance): void {
    this.#dirty.add(instance);
    this.wake();
  }

  /**
   * Bytes appended to the journal that no cut has covered. Records that cannot be archived, as of a quarantined
   * instance, do not count.
   */
  get behindBytes(): number {
    return this.#memory.commits.appendedBytes - this.#doneBytes;
  }

  /** Age of the oldest line that is not in the index yet. */
  get indexLagMs(): number {
    return this.#pendingSinceMs === undefined ? 0 : this.#memory.parts.clock.now() - this.#pendingSinceMs;
  }

  /**
   * Resolves when the index contains everything that was durable at the time of the call, or when the partition is
   * gone.
   */
  current(): Promise<void> {
    const isCurrent = this.#entries.size === 0 && !this.#isWorking;
    if (isCurrent || !this.#isStarted || this.#memory.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // The caller may be in a turn. Callers that come while lines are written share the next round.
      if (this.#waiting.length === 1 && !this.#isWorking && this.#failures === 0)
        queueMicrotask(() => this.#tick());
    });
  }

  entryDue(instance: Instance): void {
    this.#pendingSinceMs ??= this.#memory.parts.clock.now();
    this.#entries.add(instance);
    this.wake();
  }

  handleEnd(instance: Instance): void {
    const { commits } = this.#memory;
    if (!instance.isInMemory || instance.lastBatch > commits.durable) return;
    if (!this.#isDiscarded(instance)) return;
    this.discard(instance);
    this.#memory.passivate(instance);
  }

  discard(instance: Instance): void {
    instance.dirtyFrom = 0;
    instance.isEntryDue = false;
    this.#dirty.remove(instance);
    this.#entries.delete(instance);
    if (this.#entries.size === 0) this.#pendingSinceMs = undefined;
  }

  /** The partition is loaded. */
  start(): void {
    this.#isStarted = true;
    this.wake();
  }

  /** Ensures that there is a next tick. */
  wake(): void {
    if (!this.#isStarted || this.#timer !== undefined || this.#memory.isStopped) return;
    const { indexEveryMs } = this.#memory.parts.limits;
    const delayMs =
      this.#failures === 0 ? indexEveryMs : backoffMs(pause, this.#failures, this.#parts.chance);
    this.#timer = this.#parts.timers.after(delayMs, () => {
      this.#timer = undefined;
      this.#tick();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#answering.push(...this.#waiting.splice(0));
    this.#notifyWaiters();
  }

  #notifyWaiters(): void {
    for (const answered of this.#answering.splice(0)) answered();
  }

  #tick(): void {
    if (this.#memory.isStopped) return;
    if (!this.#isWorking) {
      this.#isWorking = true;
      this.#work().then(
        () => this.#worked(0),
        (error: unknown) => this.#failed(error),
      );
    }
    if (this.#hasMore) this.wake();
  }

  /**
   * A partition that has passivated everything is cut once more too, or it would hold segments that others could cut.
   */
  get #hasMore(): boolean {
    return this.#memory.instances.size > 0 || this.#isCutPossible;
  }

  /** Whether anything in the journal could be cut. */
  get #isCutPossible(): boolean {
    return this.#memory.commits.appended > this.#coveredTo || this.#packedTo < this.#coveredTo;
  }

  #worked(failures: number): void {
    this.#isWorking = false;
    this.#failures = failures;
    if (this.#waiting.length > 0 && failures === 0) this.#tick();
    else if (this.#hasMore || this.#waiting.length + this.#answering.length > 0) this.wake();
  }

  #failed(thrown: unknown): void {
    this.#isWorking = false;
    if (this.#isRetryable(thrown)) this.#worked(this.#failures + 1);
  }

  #isRetryable(thrown: unknown): boolean {
    const error = errorFromUnknown(thrown);
    const { status } = error;
    const { service, partition, logger, fenced, damaged } = this.#memory.parts;
    if (archiveErrors.fenced.is(error)) {
      fenced(error);
      return false;
    }
    // The archive has lost data: to continue would only add events that it cannot keep.
    if (status === "DATA_LOSS") {
      damaged(error);
      return false;
    }
    logger.warn("archive write failed, retrying", { service, partition, error });
    return true;
  }

  async #work(): Promise<void> {
    const { limits, clock } = this.#memory.parts;
    const startMs = clock.now();
    const { mentions } = this.#memory;
    if (mentions.isOpen) await mentions.flush();
    const leaving = this.#findLeaving();
    const bytes = this.#memory.commits.appendedBytes - this.#cutBytes;
    const isCutDue =
      bytes > limits.tailBytesMax || (++this.#ticks % cutEveryTicks === 0 && this.#isCutPossible);
    // Waiters of a failed round are still among them.
    this.#answering.push(...this.#waiting.splice(0));
    // Lines that become due meanwhile wait for the next tick: many at a time cost little more than one.
    const due = this.#linesDue(this.#answering.length > 0);
    while (due.length > 0 || leaving.length > 0) {
      const capture = this.#capture(false, leaving.splice(0, sliceInstances), due.splice(0, sliceInstances));
      if (!(await this.#save(capture))) return;
    }
    this.#notifyWaiters();
    // The remaining lines came since the last tick.
    this.#pendingSinceMs = this.#entries.size > 0 ? startMs - limits.indexEveryMs : undefined;
    if (isCutDue) await this.#cut();
  }

  /** Archives everything that is older than now, then cuts. */
  async #cut(): Promise<void> {
    const memory = this.#memory;
    // Before its first turn a partition may have a record of its own that is in no batch yet. The journal may have no
    // room, for example. The snapshot would contain it, and it may never become durable.
    if (memory.batch.count > 0) return;
    const cutBytes = memory.commits.appendedBytes;
    this.#cutBytes = cutBytes;
    const target = memory.commits.appended;
    for (;;) {
      const capture = this.#capture(true, [], []);
      if (!(await this.#save(capture))) return;
      const { oldest } = this.#dirty;
      if (oldest === undefined || oldest.dirtyFrom > target || capture.saved.length === 0) break;
    }
    this.#doneBytes = cutBytes;
    this.#pack();
  }

  /** Packs the history of the covered batches, and cuts the journal behind it. */
  #pack(): void {
    if (this.#isPacking || this.#packedTo >= this.#coveredTo) return;
    this.#isPacking = true;
    const { archive, journals, log, epoch } = this.#memory.parts;
    const upTo = this.#coveredTo;
    const packAndCut = async (): Promise<void> => {
      await archive.pack(epoch, upTo);
      this.#packedTo = upTo;
      const settled = await archive.settle(epoch);
      const neededFrom = journals.neededFrom?.(log) ?? Number.POSITIVE_INFINITY;
      if (!this.#memory.isStopped) await log.truncate(Math.min(settled + 1, neededFrom));
    };
    packAndCut().then(
      () => {
        this.#isPacking = false;
      },
      (error: unknown) => {
        this.#isPacking = false;
        // Other work may be under way, and must not be started a second time.
        if (!this.#memory.isStopped && this.#isRetryable(error)) this.wake();
      },
    );
  }

  /**
   * The instances whose lines are to be written now. A new instance waits for the next tick, unless a list was
   * requested: most have ended by then, and have one line instead of two. An instance that ended in a batch under way,
   * and of which nothing is kept, needs no line.
   */
  #linesDue(isRequested: boolean): Instance[] {
    const { commits, parts } = this.#memory;
    const { durable } = commits;
    const startedAfterMs = parts.clock.now() - parts.limits.indexEveryMs;
    const due: Instance[] = [];
    for (const instance of this.#entries) {
      const isYoung = !isRequested && instance.isNew && instance.startMs > startedAfterMs;
      const isLater = instance.isEnded
        ? instance.lastBatch > durable && this.#isDiscarded(instance)
        : isYoung && instance.quarantine === undefined;
      if (!isLater) due.push(instance);
    }
    return due;
  }

  #isDiscarded(instance: Instance): boolean {
    try {
      return isDiscarded(instance, this.#parts.retentionOf(instance.key.kind));
    } catch {
      // Its machine fails on it: it is quarantined when it is encoded for the archive.
      return false;
    }
  }

  /** Takes a slice of the data to archive. No turn is under way, so all of it is as of the last batch. */
  #capture(isCut: boolean, leaving: readonly Instance[], due: readonly Instance[]): Capture {
    const upTo = this.#memory.commits.appended;
    const saved: DirtyEntry[] = [];
    const listed: Instance[] = [];
    const resumed: Instance[] = [];
    const snapshots: InstanceSnapshot[] = [];
    const entries: IndexEntry[] = [];
    const save = (instance: Instance): void => {
      // The last line of an ended instance belongs to its stored form.
      const encoded = this.#encoded(instance, true, instance.isEntryDue || instance.isEnded);
      if (encoded === undefined) return;
      if (instance.dirtyFrom !== 0) saved.push({ instance, from: instance.dirtyFrom });
      instance.dirtyFrom = 0;
      this.#dirty.remove(instance);
      instance.isNew = false;
      instance.isBeingArchived = true;
      if (encoded.snapshot !== undefined) snapshots.push(encoded.snapshot);
      if (encoded.entry !== undefined) markListed(instance, encoded.entry);
    };
    const list = (instance: Instance): void => {
      const entry = this.#encoded(instance, false, true)?.entry;
      if (entry !== undefined) markListed(instance, entry);
    };
    const markListed = (instance: Instance, entry: IndexEntry): void => {
      instance.isEntryDue = false;
      instance.isNew = false;
      this.#entries.delete(instance);
      listed.push(instance);
      entries.push(entry);
      if (entry.endMs === 0 && instance.isArchivedAsEnded) resumed.push(instance);
      if (entry.endMs > 0) instance.isArchivedAsEnded = true;
      if (isRemoval(entry) && instance.effects.size === 0) this.#lastLine(instance);
    };
    for (const instance of leaving) if (canBeArchived(instance)) save(instance);
    if (isCut) {
      for (const instance of this.#dirty) {
        if (saved.length >= sliceInstances || !canBeArchived(instance)) break;
        save(instance);
      }
    }
    for (const instance of due) {
      // It may have left, or its line was taken with something else, since it was found to be due.
      if (!instance.isEntryDue) continue;
      if (!canBeArchived(instance)) {
        if (instance.isEnded || !instance.isArchivedAsEnded) list(instance);
      } else if (instance.isEnded || instance.isArchivedAsEnded) save(instance);
      else list(instance);
    }
    const neededFrom = Math.min(this.#dirty.oldest?.dirtyFrom ?? upTo + 1, this.#memory.retainedFrom);
    assert(!isCut || this.#memory.batch.count === 0, "a partition snapshot is taken between batches", {
      upTo,
    });
    const coveredTo = isCut ? Math.min(upTo, neededFrom - 1) : this.#coveredTo;
    const partitionSnapshot = isCut ? partitionSnapshotOf(this.#memory, upTo) : undefined;
    const changes = {
      coveredTo: Math.max(coveredTo, this.#coveredTo),
      partitionSnapshot,
      snapshots,
      entries,
    };
    return { changes, upTo, saved, listed, resumed };
  }

  /** Nothing more happens to it: callers wait until it has left. */
  #lastLine(instance: Instance): void {
    instance.isLeaving = true;
    this.#memory.folding.release(instance);
  }

  /** Commits the captured data as soon as it is durable. False if the partition no longer belongs to this process. */
  async #save({ changes, upTo, saved, listed, resumed }: Capture): Promise<boolean> {
    const memory = this.#memory;
    if (!(await memory.commits.reached(upTo)) || memory.isStopped) return false;
    try {
      await memory.mentions.flush();
      await memory.parts.archive.commit(memory.parts.epoch, changes);
    } catch (error) {
      this.#restore(saved, listed);
      throw error;
    }
    if (memory.isStopped) return false;
    this.#coveredTo = changes.coveredTo;
    for (const instance of resumed) instance.isArchivedAsEnded = false;
    const done = new Set(listed);
    for (const { instance } of saved) done.add(instance);
    for (const instance of done) {
      instance.isBeingArchived = false;
      if (this.#mayPassivate(instance, instance.isEnded)) this.#passivate(instance);
    }
    return true;
  }

  /** The capture does not count as archived: its entries return as the oldest. */
  #restore(saved: readonly DirtyEntry[], listed: readonly Instance[]): void {
    for (const { instance } of saved) instance.isBeingArchived = false;
    this.#dirty.restore(saved);
    for (const instance of listed) {
      instance.isBeingArchived = false;
      instance.isEntryDue = true;
      this.#entries.add(instance);
    }
  }

  #passivate(instance: Instance): void {
    const { dueMs } = instance;
    this.#memory.passivate(instance);
    if (dueMs > 0 && !instance.isEnded) this.#parts.onPassivated(dueMs);
  }

  /**
   * Finds instances that were idle for a while, or exceed the limit. Those that the archive already has leave at once.
   */
  #findLeaving(): Instance[] {
    const { instances, nowMs, parts } = this.#memory;
    const leaving: Instance[] = [];
    const nowOrLater = Math.max(nowMs, parts.clock.now());
    const idleMs = this.#memory.isShort(memoryShares.short)
      ? idleMsMin
      : idleMsAmong(instances.size, parts.limits);
    let excess = instances.size - parts.limits.loadedMax;
    let remaining = Math.min(instances.size, Math.max(sweepInstances, excess));
    while (remaining-- > 0) {
      this.#sweep ??= instances.values();
      const { value: instance, done } = this.#sweep.next();
      if (done) {
        this.#sweep = undefined;
        break;
      }
      const isIdle = nowOrLater - instance.touchedMs >= idleMs;
      if (!isIdle && excess <= 0) continue;
      if (this.#mayPassivate(instance, true)) this.#passivate(instance);
      else if (instance.effects.size === 0 && canBeArchived(instance)) leaving.push(instance);
      else continue;
      excess--;
    }
    return leaving;
  }

  #mayPassivate(instance: Instance, isRequested: boolean): boolean {
    if (!isRequested || instance.dirtyFrom !== 0 || instance.isEntryDue || instance.isBeingArchived)
      return false;
    if (instance.quarantine !== undefined || instance.effects.size > 0) return false;
    const { dueMs } = instance;
    return dueMs === 0 || instance.isEnded || dueMs > this.#memory.nowMs + dueSoonMs;
  }

  /**
   * Returns the stored form of an instance. Undefined if its code fails: then it is quarantined, and the journal is not
   * cut before its first record that nothing else contains. Other instances are archived anyway.
   */
  #encoded(instance: Instance, hasSnapshot: boolean, isListed: boolean) {
    const { nowMs, parts, behaviours } = this.#memory;
    const { smallEvents } = parts.limits;
    const behaviour = behaviours.of(instance.key.kind);
    dropOldKeys(instance, nowMs);
    try {
      const snapshot =
        hasSnapshot && !isRestoredFromHistory(instance, smallEvents)
          ? snapshotOf(instance, nowMs, behaviour)
          : undefined;
      const entry = isListed ? entryOf(instance, this.#parts.retentionOf(instance.key.kind)) : undefined;
      return { snapshot, entry };
    } catch (error) {
      this.#memory.quarantineInstance(instance, "snapshot", error, instance.folded);
      // Its line shows the quarantine, so it is the next to be written.
      instance.isEntryDue = true;
      this.#entries.add(instance);
      return;
    }
  }
}

/**
 * Returns the time after which an idle instance leaves memory. Waiting runs stay in memory for about as long as it
 * takes to start them: with four times the soft limit, they leave sixteen times as soon. The minimum keeps those that
 * are between two steps.
 */
export function idleMsAmong(
  loaded: number,
  { loadedSoft, idleMs }: Pick<RuntimeLimits, "loadedSoft" | "idleMs">,
): number {
  if (loaded <= loadedSoft) return idleMs;
  return Math.min(idleMs, Math.max(idleMsMin, idleMs * (loadedSoft / loaded) ** 2));
}

/** Returns the snapshot of the partition itself, as of a batch. */
function partitionSnapshotOf(memory: PartitionMemory, batch: number): Uint8Array {
  const { self, outbox, incarnations, live, quarantined, pause, behaviours, parts } = memory;
  const channels = [...outbox.channels];
  return encodePartition({
    batch,
    epoch: parts.epoch,
    event: self.event,
    eventBatch: self.lastBatch,
    eventIndex: self.lastIndex,
    incarnations,
    live,
    pause: pause.state,
    behaviours: behaviours.stored,
    letters: channels.flatMap((channel) => channel.messages),
    sent: channels.map(({ service, partition, last }) => ({ service, partition, number: last })),
    taken: outbox.acceptedEnds(),
    quarantined: [...quarantined].map(({ key }) => ({ ...key, task: "" })),
  });
}
