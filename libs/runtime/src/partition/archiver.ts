/**
 * Keeps a partition's instances in the archive, so that the journal can be cut, memory is bounded and lists are
 * current. Continues beside the turns, a slice at a time.
 *
 * 1. The stored data is taken between two turns and committed when all of it is durable in the journal.
 * 2. The journal is cut behind the oldest record that no committed snapshot contains, and behind what is packed. So
 *    what is cut is never needed again.
 * 3. An instance leaves memory only when the archive has it whole, or when its end is durable and nothing of it is to
 *    be kept.
 * 4. An instance that the archive knows as ended and not kept gets nothing more here, with or without the
 *    commit: its later events would have no beginning.
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
import { canBeKept, entryOf, isKeptByHistory, isRemoval, leavesNothing, snapshotOf } from "./kept-form.ts";
import type { Archiver, PartitionMemory } from "./memory.ts";

export interface ArchiverParts {
  readonly memory: PartitionMemory;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly coveredTo: number;
  retentionOf(kind: string): Retention;
  /** An instance was put away whose next timer is due then. */
  sleeps(dueMs: number): void;
}

/** What one commit takes from memory, between two turns. */
interface Capture {
  readonly changes: Changes;
  readonly upTo: number;
  readonly kept: readonly DirtyEntry[];
  readonly listed: readonly Instance[];
  /** Those that continue again, of which the archive has said until now that they have ended. */
  readonly resumed: readonly Instance[];
}

/** Instances per commit: encoding them holds up the turns. */
const sliceInstances = 256;
/** Instances looked at per tick for being put away. */
const sweepInstances = 4_096;
/** Also an idle partition is cut now and then, so that it does not hold old segments. */
const cutEveryTicks = 40;
/** An instance that is due sooner stays in memory. */
const wakesSoonMs = 5_000;
/** However many there are, so long an idle instance stays: the next step of most comes sooner. */
const idleMsMin = 500;
const pause: Backoff = { firstMs: 100, maxMs: 5_000 };

export class PartitionArchiver implements Archiver {
  readonly #parts: ArchiverParts;
  readonly #memory: PartitionMemory;
  readonly #dirty = new DirtyInstances();
  /** Whose lines in the index are to be written. */
  readonly #entries = new Set<Instance>();
  #pendingSinceMs: number | undefined;
  #coveredTo: number;
  /** What the journal had taken at the start of the last cut. */
  #cutBytes = 0;
  /** The same, of the last cut that is done. */
  #doneBytes = 0;
  #ticks = 0;
  #timer: Timer | undefined;
  /** While the partition is loaded, states are not whole: nothing is kept before that is over. */
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

  /** Bytes that the journal has taken and no cut has dealt with. What cannot be kept, as of a quarantined instance, does not count. */
  get behindBytes(): number {
    return this.#memory.commits.appendedBytes - this.#doneBytes;
  }

  /** How long the oldest line waits that is not in the index yet. */
  get indexLagMs(): number {
    return this.#pendingSinceMs === undefined ? 0 : this.#memory.parts.clock.now() - this.#pendingSinceMs;
  }

  /** Resolves when everything is in the index that was durable when this was called, or when the partition is gone. */
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

  ended(instance: Instance): void {
    const { commits } = this.#memory;
    if (!instance.isInMemory || instance.lastBatch > commits.durable) return;
    if (!this.#leavesNothing(instance)) return;
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

  /** Sees to it that there is a next tick. */
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
    this.#answer();
  }

  #answer(): void {
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

  /** Also a partition that has put everything away is cut once more, or it would hold what others could cut. */
  get #hasMore(): boolean {
    return this.#memory.instances.size > 0 || this.#isCutOpen;
  }

  /** Whether anything in the journal could be cut. */
  get #isCutOpen(): boolean {
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
    if (this.#isToBeTriedAgain(thrown)) this.#worked(this.#failures + 1);
  }

  #isToBeTriedAgain(thrown: unknown): boolean {
    const error = errorFromUnknown(thrown);
    const { status } = error;
    const { service, partition, logger, fenced, damaged } = this.#memory.parts;
    if (archiveErrors.fenced.is(error)) {
      fenced(error);
      return false;
    }
    // The archive has lost data: to continue would only make more events that it cannot keep.
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
    const isCutDue = bytes > limits.tailBytesMax || (++this.#ticks % cutEveryTicks === 0 && this.#isCutOpen);
    // Those of a round that failed are still among them.
    this.#answering.push(...this.#waiting.splice(0));
    // Anything that comes meanwhile waits for the next tick: many at a time cost little more than one.
    const due = this.#linesDue(this.#answering.length > 0);
    while (due.length > 0 || leaving.length > 0) {
      const capture = this.#capture(false, leaving.splice(0, sliceInstances), due.splice(0, sliceInstances));
      if (!(await this.#keep(capture))) return;
    }
    this.#answer();
    // The rest there came since the tick before.
    this.#pendingSinceMs = this.#entries.size > 0 ? startMs - limits.indexEveryMs : undefined;
    if (isCutDue) await this.#cut();
  }

  /** Keeps everything that is older than now, then cuts. */
  async #cut(): Promise<void> {
    const memory = this.#memory;
    // Before its first turn a partition may have a record of its own that is in no batch yet, as when the journal has
    // no room: the snapshot would contain it, and it may never become durable.
    if (memory.batch.count > 0) return;
    const cutBytes = memory.commits.appendedBytes;
    this.#cutBytes = cutBytes;
    const target = memory.commits.appended;
    for (;;) {
      const capture = this.#capture(true, [], []);
      if (!(await this.#keep(capture))) return;
      const { oldest } = this.#dirty;
      if (oldest === undefined || oldest.dirtyFrom > target || capture.kept.length === 0) break;
    }
    this.#doneBytes = cutBytes;
    this.#pack();
  }

  /** Packs the history of what is covered, and cuts the journal behind it. */
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
        // Work may be under way beside it, and must not be started a second time.
        if (!this.#memory.isStopped && this.#isToBeTriedAgain(error)) this.wake();
      },
    );
  }

  /**
   * The instances whose lines are to be written now. A new instance waits for the next tick, unless a list was requested:
   * most are over by then, and have one line instead of two. An instance that ended in a batch under way and leaves nothing
   * leaves by itself.
   */
  #linesDue(isRequested: boolean): Instance[] {
    const { commits, parts } = this.#memory;
    const { durable } = commits;
    const begunMs = parts.clock.now() - parts.limits.indexEveryMs;
    const due: Instance[] = [];
    for (const instance of this.#entries) {
      const isYoung = !isRequested && instance.isNew && instance.startMs > begunMs;
      const isLater = instance.isEnded
        ? instance.lastBatch > durable && this.#leavesNothing(instance)
        : isYoung && instance.quarantine === undefined;
      if (!isLater) due.push(instance);
    }
    return due;
  }

  #leavesNothing(instance: Instance): boolean {
    try {
      return leavesNothing(instance, this.#parts.retentionOf(instance.key.kind));
    } catch {
      // Its machine fails on it: it is kept aside when it is to be kept.
      return false;
    }
  }

  /** Takes a slice of what is to be kept. No turn is under way, so all of it is as of the last batch. */
  #capture(isCut: boolean, leaving: readonly Instance[], due: readonly Instance[]): Capture {
    const upTo = this.#memory.commits.appended;
    const kept: DirtyEntry[] = [];
    const listed: Instance[] = [];
    const resumed: Instance[] = [];
    const snapshots: InstanceSnapshot[] = [];
    const entries: IndexEntry[] = [];
    const keep = (instance: Instance): void => {
      // The last line of an instance that has ended belongs to how it is kept.
      const encoded = this.#encoded(instance, true, instance.isEntryDue || instance.isEnded);
      if (encoded === undefined) return;
      if (instance.dirtyFrom !== 0) kept.push({ instance, from: instance.dirtyFrom });
      instance.dirtyFrom = 0;
      this.#dirty.remove(instance);
      instance.isNew = false;
      instance.isBeingKept = true;
      if (encoded.snapshot !== undefined) snapshots.push(encoded.snapshot);
      if (encoded.entry !== undefined) note(instance, encoded.entry);
    };
    const list = (instance: Instance): void => {
      const entry = this.#encoded(instance, false, true)?.entry;
      if (entry !== undefined) note(instance, entry);
    };
    const note = (instance: Instance, entry: IndexEntry): void => {
      instance.isEntryDue = false;
      instance.isNew = false;
      this.#entries.delete(instance);
      listed.push(instance);
      entries.push(entry);
      if (entry.endMs === 0 && instance.isKeptAsEnded) resumed.push(instance);
      if (entry.endMs > 0) instance.isKeptAsEnded = true;
      if (isRemoval(entry) && instance.effects.size === 0) this.#lastLine(instance);
    };
    for (const instance of leaving) if (canBeKept(instance)) keep(instance);
    if (isCut) {
      for (const instance of this.#dirty) {
        if (kept.length >= sliceInstances || !canBeKept(instance)) break;
        keep(instance);
      }
    }
    for (const instance of due) {
      // It may have gone, or its line with something else, since it was found to be due.
      if (!instance.isEntryDue) continue;
      if (!canBeKept(instance)) {
        if (instance.isEnded || !instance.isKeptAsEnded) list(instance);
      } else if (instance.isEnded || instance.isKeptAsEnded) keep(instance);
      else list(instance);
    }
    const neededFrom = Math.min(this.#dirty.oldest?.dirtyFrom ?? upTo + 1, this.#memory.heldFrom);
    assert(!isCut || this.#memory.batch.count === 0, "a partition is kept as of its last batch", { upTo });
    const coveredTo = isCut ? Math.min(upTo, neededFrom - 1) : this.#coveredTo;
    const partitionSnapshot = isCut ? partitionSnapshotOf(this.#memory, upTo) : undefined;
    const changes = {
      coveredTo: Math.max(coveredTo, this.#coveredTo),
      partitionSnapshot,
      snapshots,
      entries,
    };
    return { changes, upTo, kept, listed, resumed };
  }

  /** Nothing happens to it any more: callers wait until it has left. */
  #lastLine(instance: Instance): void {
    instance.isLeaving = true;
    this.#memory.folding.release(instance);
  }

  /** Commits what was taken, as soon as it is durable. False when the partition is gone from here. */
  async #keep({ changes, upTo, kept, listed, resumed }: Capture): Promise<boolean> {
    const memory = this.#memory;
    if (!(await memory.commits.reached(upTo)) || memory.isStopped) return false;
    try {
      await memory.mentions.flush();
      await memory.parts.archive.commit(memory.parts.epoch, changes);
    } catch (error) {
      this.#putBack(kept, listed);
      throw error;
    }
    if (memory.isStopped) return false;
    this.#coveredTo = changes.coveredTo;
    for (const instance of resumed) instance.isKeptAsEnded = false;
    const done = new Set(listed);
    for (const { instance } of kept) done.add(instance);
    for (const instance of done) {
      instance.isBeingKept = false;
      if (this.#mayLeave(instance, instance.isEnded)) this.#putAway(instance);
    }
    return true;
  }

  /** Nothing of it may count as kept: it is the oldest again. */
  #putBack(kept: readonly DirtyEntry[], listed: readonly Instance[]): void {
    for (const { instance } of kept) instance.isBeingKept = false;
    this.#dirty.putBack(kept);
    for (const instance of listed) {
      instance.isBeingKept = false;
      instance.isEntryDue = true;
      this.#entries.add(instance);
    }
  }

  #putAway(instance: Instance): void {
    const { dueMs } = instance;
    this.#memory.passivate(instance);
    if (dueMs > 0 && !instance.isEnded) this.#parts.sleeps(dueMs);
  }

  /** Instances that have had nothing to do for a while, or are too many. Those that the archive has go at once. */
  #findLeaving(): Instance[] {
    const { instances, nowMs, parts } = this.#memory;
    const leaving: Instance[] = [];
    const nowOrLater = Math.max(nowMs, parts.clock.now());
    const idleMs = idleMsAmong(instances.size, parts.limits);
    let excess = instances.size - parts.limits.loadedMax;
    let looked = Math.min(instances.size, Math.max(sweepInstances, excess));
    while (looked-- > 0) {
      this.#sweep ??= instances.values();
      const { value: instance, done } = this.#sweep.next();
      if (done) {
        this.#sweep = undefined;
        break;
      }
      const isIdle = nowOrLater - instance.touchedMs >= idleMs;
      if (!isIdle && excess <= 0) continue;
      if (this.#mayLeave(instance, true)) this.#putAway(instance);
      else if (instance.effects.size === 0 && canBeKept(instance)) leaving.push(instance);
      else continue;
      excess--;
    }
    return leaving;
  }

  #mayLeave(instance: Instance, isWanted: boolean): boolean {
    if (!isWanted || instance.dirtyFrom !== 0 || instance.isEntryDue || instance.isBeingKept) return false;
    if (instance.quarantine !== undefined || instance.effects.size > 0) return false;
    const { dueMs } = instance;
    return dueMs === 0 || instance.isEnded || dueMs > this.#memory.nowMs + wakesSoonMs;
  }

  /**
   * What is to be kept of an instance. Undefined when its code fails on it: then it is kept aside, and the journal is
   * not cut before its first record that nothing else contains. The others are kept all the same.
   */
  #encoded(instance: Instance, isKept: boolean, isListed: boolean) {
    const { nowMs, parts, behaviours } = this.#memory;
    const { smallEvents } = parts.limits;
    const behaviour = behaviours.of(instance.key.kind);
    dropOldKeys(instance, nowMs);
    try {
      const snapshot =
        isKept && !isKeptByHistory(instance, smallEvents)
          ? snapshotOf(instance, nowMs, behaviour)
          : undefined;
      const entry = isListed ? entryOf(instance, this.#parts.retentionOf(instance.key.kind)) : undefined;
      return { snapshot, entry };
    } catch (error) {
      this.#memory.keepAside(instance, "snapshot", error, instance.folded);
      // Its line says so: it is the next to be written.
      instance.isEntryDue = true;
      this.#entries.add(instance);
      return;
    }
  }
}

/**
 * After how long an idle instance leaves memory. Waiting runs are in memory for as long as it takes to start them and no
 * longer: with four times as many as may stay, they leave sixteen times as soon. The minimum keeps those that are between
 * two steps.
 */
export function idleMsAmong(
  loaded: number,
  { loadedSoft, idleMs }: Pick<RuntimeLimits, "loadedSoft" | "idleMs">,
): number {
  if (loaded <= loadedSoft) return idleMs;
  return Math.min(idleMs, Math.max(idleMsMin, idleMs * (loadedSoft / loaded) ** 2));
}

/**
 * What the archive is given of a partition.
 *
 * Returns the partition itself, as of a batch.
 */
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
    behaviours: behaviours.kept,
    letters: channels.flatMap((channel) => channel.messages),
    sent: channels.map(({ service, partition, last }) => ({ service, partition, number: last })),
    taken: outbox.takenEnds(),
    quarantined: [...quarantined].map(({ key }) => ({ ...key, task: "" })),
  });
}
