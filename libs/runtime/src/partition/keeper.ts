/**
 * Keeps a partition's instances in the archive, so that the journal can be cut, memory is bounded and lists are current.
 * Goes on beside the turns, a slice at a time.
 *
 * 1. What is kept is taken between two turns and committed when all of it is durable in the journal.
 * 2. The journal is cut behind the oldest record that no committed snapshot contains, and behind what is packed. So what
 *    is cut is never needed again.
 * 3. An instance leaves memory only when the archive has it whole.
 */
import { type Actor, Actor as ActorCodec, WorkStatus } from "@tutti/contracts/types/v1";
import { archiveErrors, type Changes, type IndexEntry, type InstanceSnapshot } from "@tutti/journal";
import {
  type Backoff,
  backoffMs,
  type Chance,
  errorFromUnknown,
  isEnded,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import type { Retention } from "../options.ts";
import { encodePartition, encodeSnapshot } from "../snapshots/snapshot.ts";
import { dropOldKeys } from "./answered-keys.ts";
import type { Instance } from "./instance.ts";
import type { Keeper, PartitionMemory } from "./memory.ts";

export interface KeeperParts {
  readonly memory: PartitionMemory;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly coveredTo: number;
  retentionOf(kind: string): Retention;
  /** An instance was put away whose next timer is due then. */
  sleeps(dueMs: number): void;
}

interface DirtyEntry {
  readonly instance: Instance;
  /** The entry counts while the instance says the same. */
  readonly from: number;
}

/** What one commit takes from memory, between two turns. */
interface Capture {
  readonly changes: Changes;
  readonly upTo: number;
  readonly kept: readonly DirtyEntry[];
  readonly listed: readonly Instance[];
}

/** Instances per commit: encoding them holds up the turns. */
const sliceInstances = 256;
/** Instances looked at per tick for being put away. */
const sweepInstances = 4_096;
/** Also an idle partition is cut now and then, so that it does not hold old segments. */
const cutEveryTicks = 40;
/** An instance that is due sooner stays in memory. */
const wakesSoonMs = 5_000;
const pause: Backoff = { firstMs: 100, maxMs: 5_000 };

export class ArchiveKeeper implements Keeper {
  readonly #parts: KeeperParts;
  readonly #memory: PartitionMemory;
  /** In the order of `from`, oldest first. */
  #dirty: DirtyEntry[] = [];
  #dirtyNext = 0;
  #entries: Instance[] = [];
  #pendingSinceMs: number | undefined;
  #coveredTo: number;
  #cutBytes = 0;
  #ticks = 0;
  #timer: Timer | undefined;
  /** While the partition is loaded, states are not whole: nothing is kept before that is over. */
  #isStarted = false;
  #isWorking = false;
  #isPacking = false;
  #packedTo = 0;
  #failures = 0;
  #sweep: Iterator<Instance> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#coveredTo = parts.coveredTo;
  }

  /** All batches up to this one are contained in the archive. */
  get coveredTo(): number {
    return this.#coveredTo;
  }

  dirty(instance: Instance): void {
    this.#dirty.push({ instance, from: instance.dirtyFrom });
    this.wake();
  }

  /** How long the oldest line waits that is not in the index yet. */
  get indexLagMs(): number {
    return this.#pendingSinceMs === undefined ? 0 : this.#memory.parts.clock.now() - this.#pendingSinceMs;
  }

  entryDue(instance: Instance): void {
    this.#pendingSinceMs ??= this.#memory.parts.clock.now();
    this.#entries.push(instance);
    this.wake();
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
    if (this.#hasMore) this.wake();
  }

  #failed(thrown: unknown): void {
    this.#isWorking = false;
    if (this.#isToBeTriedAgain(thrown)) this.#worked(this.#failures + 1);
  }

  #isToBeTriedAgain(thrown: unknown): boolean {
    const error = errorFromUnknown(thrown);
    const { service, partition, logger, fenced } = this.#memory.parts;
    if (archiveErrors.fenced.is(error)) {
      fenced(error);
      return false;
    }
    logger.warn("the archive did not take what is to be kept; it is tried again", {
      service,
      partition,
      error,
    });
    return true;
  }

  async #work(): Promise<void> {
    const { tailBytesMax } = this.#memory.parts.limits;
    const leaving = this.#findLeaving();
    const bytes = this.#memory.commits.appendedBytes - this.#cutBytes;
    const isCutDue = bytes > tailBytesMax || (++this.#ticks % cutEveryTicks === 0 && this.#isCutOpen);
    while (this.#entries.length > 0 || leaving.length > 0) {
      if (!(await this.#keep(this.#capture(false, leaving.splice(0, sliceInstances))))) return;
    }
    this.#pendingSinceMs = undefined;
    if (isCutDue) await this.#cut();
  }

  /** Keeps everything that is older than now, then cuts. */
  async #cut(): Promise<void> {
    const memory = this.#memory;
    this.#cutBytes = memory.commits.appendedBytes;
    const target = memory.commits.appended;
    for (;;) {
      const capture = this.#capture(true, []);
      if (!(await this.#keep(capture))) return;
      const oldest = this.#oldestDirty();
      if (oldest === undefined || oldest.from > target || capture.kept.length === 0) break;
    }
    this.#pack();
  }

  /** Packs the history of what is covered, and cuts the journal behind it. */
  #pack(): void {
    if (this.#isPacking || this.#packedTo >= this.#coveredTo) return;
    this.#isPacking = true;
    const { archive, log, epoch } = this.#memory.parts;
    const upTo = this.#coveredTo;
    const packAndCut = async (): Promise<void> => {
      await archive.pack(epoch, upTo);
      this.#packedTo = upTo;
      const settled = await archive.settle(epoch);
      if (!this.#memory.isStopped) await log.truncate(settled + 1);
    };
    packAndCut().then(
      () => {
        this.#isPacking = false;
      },
      (error: unknown) => {
        this.#isPacking = false;
        // Work may be under way beside it, and must not be begun a second time.
        if (!this.#memory.isStopped && this.#isToBeTriedAgain(error)) this.wake();
      },
    );
  }

  #oldestDirty(): DirtyEntry | undefined {
    for (;;) {
      const entry = this.#dirty[this.#dirtyNext];
      if (entry === undefined) {
        this.#dirty = [];
        this.#dirtyNext = 0;
        return;
      }
      if (entry.instance.dirtyFrom === entry.from) return entry;
      this.#dirtyNext++;
      if (this.#dirtyNext > 8_192) {
        this.#dirty = this.#dirty.slice(this.#dirtyNext);
        this.#dirtyNext = 0;
      }
    }
  }

  /** Takes a slice of what is to be kept. No turn is under way, so all of it is as of the last batch. */
  #capture(isCut: boolean, leaving: readonly Instance[]): Capture {
    const upTo = this.#memory.commits.appended;
    const kept: DirtyEntry[] = [];
    const listed: Instance[] = [];
    const snapshots: InstanceSnapshot[] = [];
    const entries: IndexEntry[] = [];
    const keep = (instance: Instance): void => {
      // The last line of an instance that has ended belongs to how it is kept.
      const encoded = this.#encoded(instance, true, instance.isEntryDue || instance.isEnded);
      if (encoded === undefined) return;
      if (instance.dirtyFrom !== 0) kept.push({ instance, from: instance.dirtyFrom });
      instance.dirtyFrom = 0;
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
      listed.push(instance);
      entries.push(entry);
    };
    for (const instance of leaving) if (canBeKept(instance)) keep(instance);
    while (isCut && kept.length < sliceInstances) {
      const oldest = this.#oldestDirty();
      if (oldest === undefined || !canBeKept(oldest.instance)) break;
      keep(oldest.instance);
    }
    for (const instance of this.#entries.splice(0, isCut ? 0 : sliceInstances)) {
      if (!instance.isEntryDue) continue;
      if (instance.isEnded && canBeKept(instance)) keep(instance);
      else list(instance);
    }
    const neededFrom = Math.min(this.#oldestDirty()?.from ?? upTo + 1, this.#memory.heldFrom);
    const coveredTo = isCut ? Math.min(upTo, neededFrom - 1) : this.#coveredTo;
    const partitionSnapshot = isCut ? this.#partitionSnapshot(upTo) : undefined;
    const changes = {
      coveredTo: Math.max(coveredTo, this.#coveredTo),
      partitionSnapshot,
      snapshots,
      entries,
    };
    return { changes, upTo, kept, listed };
  }

  /** Commits what was taken, as soon as it is durable. False when the partition is gone from here. */
  async #keep({ changes, upTo, kept, listed }: Capture): Promise<boolean> {
    const memory = this.#memory;
    if (!(await memory.commits.reached(upTo)) || memory.isStopped) return false;
    try {
      await memory.parts.archive.commit(memory.parts.epoch, changes);
    } catch (error) {
      this.#putBack(kept, listed);
      throw error;
    }
    if (memory.isStopped) return false;
    this.#coveredTo = changes.coveredTo;
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
    const oldest: DirtyEntry[] = [];
    for (const entry of kept) {
      entry.instance.isBeingKept = false;
      entry.instance.dirtyFrom = entry.from;
      oldest.push(entry);
    }
    oldest.sort((one, other) => one.from - other.from);
    const rest = this.#dirty.slice(this.#dirtyNext);
    this.#dirty = mergeByAge(oldest, rest);
    this.#dirtyNext = 0;
    for (const instance of listed) {
      instance.isBeingKept = false;
      if (instance.isEntryDue) continue;
      instance.isEntryDue = true;
      this.#entries.push(instance);
    }
  }

  #putAway(instance: Instance): void {
    const { dueMs } = instance;
    this.#memory.putAway(instance);
    if (dueMs > 0 && !instance.isEnded) this.#parts.sleeps(dueMs);
  }

  /** Instances that have had nothing to do for a while, or are too many. Those that the archive has go at once. */
  #findLeaving(): Instance[] {
    const { instances, nowMs, parts } = this.#memory;
    const leaving: Instance[] = [];
    const nowOrLater = Math.max(nowMs, parts.clock.now());
    let excess = instances.size - parts.limits.loadedMax;
    let looked = Math.min(instances.size, Math.max(sweepInstances, excess));
    while (looked-- > 0) {
      this.#sweep ??= instances.values();
      const { value: instance, done } = this.#sweep.next();
      if (done) {
        this.#sweep = undefined;
        break;
      }
      const isIdle = nowOrLater - instance.touchedMs >= parts.limits.idleMs;
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

  /** Short instances that have ended are folded from their history when somebody asks for them. */
  #isKeptByHistory(instance: Instance): boolean {
    return (
      instance.isEnded &&
      instance.quarantine === undefined &&
      instance.event <= this.#memory.parts.limits.smallEvents &&
      instance.keys === undefined
    );
  }

  /**
   * What is to be kept of an instance. Undefined when its code fails on it: then it is kept aside, and the journal is not
   * cut before its first record that nothing else contains. The others are kept all the same.
   */
  #encoded(instance: Instance, isKept: boolean, isListed: boolean) {
    dropOldKeys(instance, this.#memory.nowMs);
    try {
      const snapshot = isKept && !this.#isKeptByHistory(instance) ? this.#snapshotOf(instance) : undefined;
      const entry = isListed ? this.#entryOf(instance) : undefined;
      return { snapshot, entry };
    } catch (error) {
      this.#memory.keepAside(instance, "snapshot", error, instance.folded);
      // Its line says so: it is the next to be written.
      instance.isEntryDue = true;
      this.#entries.push(instance);
      return;
    }
  }

  #snapshotOf(instance: Instance): InstanceSnapshot {
    const { key, incarnation, effects, quarantine } = instance;
    const snapshot = encodeSnapshot(instance, this.#memory.nowMs);
    const isAsleep = !instance.isEnded && quarantine === undefined;
    const dueMs = isAsleep ? instance.dueMs : 0;
    return { key, incarnation, snapshot, dueMs, outstanding: isAsleep && effects.size > 0 };
  }

  #entryOf(instance: Instance): IndexEntry {
    const { key, incarnation, event, startMs, endMs, startedBy, lastBatch, lastIndex } = instance;
    const { status, definition, labels, idChosen } = shownOf(instance);
    const { keepMs, idKeptMs } = this.#parts.retentionOf(key.kind);
    const keepUntilMs = endMs === 0 ? 0 : endMs + keepMs;
    return {
      key,
      incarnation,
      status,
      definition,
      labels,
      startMs,
      endMs,
      events: event,
      last: { batch: lastBatch, index: lastIndex },
      startedBy: encodedActor(startedBy),
      keepUntilMs,
      idKeptUntilMs: endMs !== 0 && idChosen ? keepUntilMs + idKeptMs : 0,
    };
  }

  #partitionSnapshot(batch: number): Uint8Array {
    const { self, letters, incarnations, live, quarantined } = this.#memory;
    const channels = [...letters.channels];
    return encodePartition({
      batch,
      event: self.event,
      eventBatch: self.lastBatch,
      eventIndex: self.lastIndex,
      incarnations,
      live,
      letters: channels.flatMap((channel) => channel.letters),
      sent: channels.map(({ service, partition, last }) => ({ service, partition, number: last })),
      taken: letters.takenEnds(),
      quarantined: [...quarantined].map(({ key }) => ({ ...key, task: "" })),
    });
  }
}

/** An instance whose state a fault has left unusable is kept when its state was folded again. */
function canBeKept({ quarantine }: Instance): boolean {
  return quarantine === undefined || quarantine.isRebuilt;
}

function shownOf(instance: Instance) {
  const { quarantine, hosted, state, endMs } = instance;
  if (quarantine !== undefined && !quarantine.isRebuilt) return unreadable;
  const described = hosted.machine.describe(state);
  if (quarantine !== undefined) return { ...described, status: WorkStatus.WORK_STATUS_QUARANTINED };
  return endMs > 0 && !isEnded(described.status)
    ? { ...described, status: WorkStatus.WORK_STATUS_TERMINATED }
    : described;
}

const unreadable = {
  status: WorkStatus.WORK_STATUS_QUARANTINED,
  definition: "",
  labels: {},
  idChosen: false,
};

/** Most instances are begun by the same few, whose calls share one object. */
const actors = new WeakMap<Actor, Uint8Array>();

function encodedActor(actor: Actor | undefined): Uint8Array {
  if (actor === undefined) return nothing;
  let encoded = actors.get(actor);
  if (encoded === undefined) {
    encoded = ActorCodec.encode(actor).finish();
    actors.set(actor, encoded);
  }
  return encoded;
}

const nothing = new Uint8Array(0);

function mergeByAge(older: readonly DirtyEntry[], younger: readonly DirtyEntry[]): DirtyEntry[] {
  return [...older, ...younger].sort((one, other) => one.from - other.from);
}
