/**
 * Reads a partition's memory from what is durable: the archive up to where it covers the journal, then the journal up
 * to the seal of this epoch.
 *
 * 1. The seal comes first: nothing can be added before it any more.
 * 2. A snapshot may be newer than what the archive covers as a whole: records that it contains are skipped.
 * 3. Replaying gives the state that was live. A record that cannot be folded quarantines its instance, not the
 *    partition.
 */
import {
  CommandParked,
  KeyAnswered,
  LettersConfirmed,
  LettersSent,
  LettersTaken,
  type PartitionSnapshot,
  Quarantined,
  RepairAction,
  Repaired,
  WorkPaused,
  WorkReleased,
} from "@tutti/contracts/runtime/v1";
import { type Actor, Cause } from "@tutti/contracts/types/v1";
import {
  type JournalBatch,
  type LoadResult,
  type Opening,
  partitionKind,
  type RecordPlace,
  RecordScanner,
} from "@tutti/journal";
import { type InstanceKey, type TuttiError, textOf } from "@tutti/kernel";
import { applyBehaviour, recoverBehaviour } from "../behaviour/raising.ts";
import { runtimeErrors } from "../errors.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { preparedForEvent } from "../machines/preparing.ts";
import { NoteRedelivery } from "../records/note-redelivery.ts";
import { ownEvents, ownPrefix } from "../records/own-events.ts";
import { decodePartition } from "../snapshots/snapshot.ts";
import { recoverKey } from "./answered-keys.ts";
import { noOutstanding } from "./folding.ts";
import type { Instance } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";

/** Instances that a replay cannot fold: their states must be folded from the whole history. */
export interface Recovered {
  readonly toRebuild: ReadonlySet<Instance>;
}

/** State of a key while the journal is read. Two instances may have had it, one after the other. */
interface Known {
  readonly key: InstanceKey;
  /** Undefined if its kind is not hosted here. */
  readonly hosted: HostedMachine | undefined;
  /** The last record that the archive contains. */
  containedTo: RecordPlace;
  /** It ended, and the archive has it whole: it is folded again only if the journal has more records of it. */
  ended: LoadResult | undefined;
  /** It ended and was removed, though records of its end are still in the journal. */
  isRemoved: boolean;
  /** The archive reports the instance with the key as removed, though its id is still reserved. */
  hasTombstone: boolean;
  /** Its end has been subtracted from the number of live instances. */
  isEndCounted: boolean;
  instance: Instance | undefined;
  /** The last event that changed its state. */
  changed: number;
}

export class Recovery {
  readonly #memory: PartitionMemory;
  readonly #scanner = new RecordScanner();
  /** By the encoded form of the key. */
  readonly #known = new Map<string, Known>();
  /** Ended instances that the archive has whole. */
  readonly #ended = new Set<Known>();
  readonly #toRebuild = new Set<Instance>();
  /** Instances that this release cannot fold, among those with a record to fold. */
  readonly #failed = new Set<Instance>();
  /** The partition's snapshot contains its own records up to here. */
  #ownUpTo = 0;
  #coveredTo = 0;
  /** Instances that were quarantined when the partition's own snapshot was taken. */
  #quarantined: readonly InstanceKey[] = [];
  #cause: Uint8Array = nothing;
  #decodedCause: Uint8Array = nothing;
  #causeNow: Cause | undefined;
  readonly #noteRedelivery: NoteRedelivery;

  constructor(memory: PartitionMemory) {
    this.#memory = memory;
    this.#noteRedelivery = new NoteRedelivery(memory.parts.effects.eventListener);
  }

  async run(opening: Opening): Promise<Recovered> {
    const { log } = this.#memory.parts;
    const { coveredTo } = opening;
    const snapshot = decodePartition(opening.partitionSnapshot);
    if (log.first > coveredTo + 1) throw this.#unjoined(coveredTo, `from batch ${log.first} on`);
    // The content of the archive was durable before this seal. A journal that ends before it has lost batches.
    const knownTo = Math.max(coveredTo, snapshot?.batch ?? 0);
    if (knownTo >= log.last.number) throw this.#unjoined(knownTo, `up to batch ${log.last.number}`);
    this.#coveredTo = coveredTo;
    if (snapshot !== undefined) this.#applySnapshot(snapshot);
    const from = coveredTo + 1;
    for await (const read of log.read(Math.max(log.first, Math.min(from, knownTo)))) {
      if (snapshot !== undefined) this.#requireSame(snapshot, read);
      const slice = read.filter(({ number }) => number >= from);
      await this.#prepare(slice);
      for (const batch of slice) this.#fold(batch);
    }
    this.#removeTombstoned();
    this.#recoverOutstanding();
    this.#memory.publishNotes(this.#noteRedelivery.notes);
    // A quarantined instance must be visible even if the journal has no events of it.
    await Promise.all(this.#quarantined.map((key) => this.#findQuarantined(key)));
    return { toRebuild: this.#toRebuild };
  }

  /**
   * Seals of later owners can take the numbers of batches that the journal has lost. Such seals have a later epoch than
   * the owner that saw these batches durable.
   */
  #requireSame({ batch, epoch }: PartitionSnapshot, read: readonly JournalBatch[]): void {
    const found = read.find(({ number }) => number === batch);
    if (found === undefined || epoch === 0 || found.epoch <= epoch) return;
    throw this.#unjoined(batch, `whose batch ${batch} an owner after it wrote`);
  }

  #unjoined(archivedTo: number, journal: string): TuttiError {
    const { service, partition } = this.#memory.parts;
    const what = `an archive up to batch ${archivedTo} and a journal ${journal}`;
    return runtimeErrors.gap({ service, partition, what });
  }

  #applySnapshot(snapshot: PartitionSnapshot): void {
    const memory = this.#memory;
    this.#ownUpTo = snapshot.batch;
    this.#quarantined = snapshot.quarantined;
    memory.incarnations = snapshot.incarnations;
    memory.live = snapshot.live;
    memory.self.event = snapshot.event;
    memory.self.lastBatch = snapshot.eventBatch;
    memory.self.lastIndex = snapshot.eventIndex;
    memory.pause.restore(snapshot.pause);
    applyBehaviour(memory, snapshot.behaviours);
    for (const { service, partition, number } of snapshot.taken) {
      memory.outbox.recordAccepted(service, partition, number, false);
    }
    for (const { service, partition, number } of snapshot.sent) {
      const channel = memory.outbox.channel(service, partition);
      channel.last = number;
      channel.released = number;
      channel.confirmed = number;
    }
    for (const { service, partition, number } of snapshot.letters) {
      const channel = memory.outbox.channel(service, partition);
      channel.confirmed = Math.min(channel.confirmed, number - 1);
    }
    memory.outbox.recoverSent({ letters: snapshot.letters });
  }

  /** Looks up all instances that occur in these batches and may be in the archive, together. */
  async #prepare(slice: readonly JournalBatch[]): Promise<void> {
    const scanner = this.#scanner;
    const added: Known[] = [];
    for (const { records } of slice) {
      scanner.open(records);
      while (scanner.next()) if (!this.#known.has(scanner.keyText)) this.#addKnown(added);
    }
    if (this.#memory.parts.machines.needContent) await this.#prepareContent(slice);
    if (added.length > 0) await this.#lookUp(added);
    await this.#foldEnded(slice);
  }

  /** Prepares the content that folding these batches reads. */
  async #prepareContent(slice: readonly JournalBatch[]): Promise<void> {
    const scanner = this.#scanner;
    const waiting: Promise<void>[] = [];
    for (const { records } of slice) {
      scanner.open(records);
      while (scanner.next()) {
        const known = this.#known.get(scanner.keyText);
        const preparing = known?.hosted && preparedForEvent(known.hosted, known.key.namespace, scanner);
        if (preparing !== undefined) waiting.push(preparing);
      }
    }
    await Promise.all(waiting);
  }

  #addKnown(added: Known[]): void {
    const { instances, parts } = this.#memory;
    const { keyText, key } = this.#scanner;
    const { kind } = key;
    const hosted = instances.hosted(kind);
    const known: Known = {
      key,
      hosted,
      containedTo: nowhere,
      ended: undefined,
      isRemoved: false,
      hasTombstone: false,
      isEndCounted: false,
      instance: undefined,
      changed: 0,
    };
    this.#known.set(keyText, known);
    if (kind === partitionKind) return;
    // Machines of another release: their records stay where they are.
    if (hosted === undefined)
      parts.logger.warn("journal has records of a kind that is not hosted here", { kind });
    else if (instances.mayExist(key)) added.push(known);
  }

  async #lookUp(added: readonly Known[]): Promise<void> {
    const { archive, revive } = this.#memory.parts;
    const loaded = await archive.load(added.map(({ key }) => key));
    await Promise.all(
      added.map(async (known, index) => {
        const found = loaded[index] ?? nothingStored;
        known.hasTombstone = found.kind === "tombstone";
        if (found.kind === "ended") {
          known.ended = found;
          this.#ended.add(known);
          known.containedTo = found.last;
          this.#countEnd(known, found.last.batch);
        } else if (found.kind === "snapshot") {
          this.#resume(known, await revive(known.key, found));
          if (known.instance?.isEnded) this.#countEnd(known, known.containedTo.batch);
        }
      }),
    );
  }

  #resume(known: Known, instance: Instance | undefined): void {
    known.instance = instance;
    if (instance === undefined) return;
    known.containedTo = { batch: instance.lastBatch, index: instance.lastIndex };
    known.changed = instance.folded;
    if (instance.quarantine === undefined) return;
    this.#memory.instances.add(instance);
    this.#memory.quarantined.add(instance);
  }

  /** Folds instances that had ended and have events that the archive does not contain. This is rare. */
  async #foldEnded(slice: readonly JournalBatch[]): Promise<void> {
    if (this.#ended.size === 0) return;
    const scanner = this.#scanner;
    const repeated: Known[] = [];
    for (const { records, number } of slice) {
      scanner.open(records);
      while (scanner.next()) {
        const known = this.#known.get(scanner.keyText);
        if (known?.ended === undefined || isWithin(number, scanner.index, known.containedTo)) continue;
        // An instance that starts here shares only the key with the one that ended.
        if (scanner.event > 1) repeated.push(known);
        else this.#forgetEnded(known);
      }
    }
    const { revive } = this.#memory.parts;
    await Promise.all(
      repeated.map(async (known) => {
        const { ended } = known;
        this.#forgetEnded(known);
        if (ended !== undefined) this.#resume(known, await revive(known.key, ended));
      }),
    );
  }

  #forgetEnded(known: Known): void {
    known.ended = undefined;
    this.#ended.delete(known);
  }

  #fold(batch: JournalBatch): void {
    const scanner = this.#scanner;
    const memory = this.#memory;
    scanner.open(batch.records);
    this.#cause = nothing;
    const { live } = memory;
    while (scanner.next()) {
      if (scanner.causeEnd > 0) this.#cause = scanner.cause;
      // This includes instances that are newer in the archive than the partition's own snapshot: their numbers are
      // used.
      memory.incarnations = Math.max(memory.incarnations, scanner.incarnation);
      const known = this.#known.get(scanner.keyText);
      if (known?.hosted !== undefined) this.#foldRecord(known, known.hosted, batch);
      else if (known?.key.kind === partitionKind) this.#foldOwn(batch);
      else memory.retainedFrom = Math.min(memory.retainedFrom, batch.number);
    }
    // The snapshot counts the instances that started and ended up to there.
    if (batch.number <= this.#ownUpTo) memory.live = live;
  }

  #foldOwn(batch: JournalBatch): void {
    if (batch.number <= this.#ownUpTo) return;
    const { self, outbox, pause } = this.#memory;
    const { event, index, type, payload } = this.#scanner;
    self.event = event;
    self.lastBatch = batch.number;
    self.lastIndex = index;
    if (type === ownEvents.lettersSent.type) outbox.recoverSent(LettersSent.decode(payload));
    else if (type === ownEvents.lettersConfirmed.type)
      outbox.recoverConfirmed(LettersConfirmed.decode(payload));
    else if (type === ownEvents.lettersTaken.type) {
      const { service, partition, upTo } = LettersTaken.decode(payload);
      outbox.recordAccepted(service, partition, upTo, false);
    } else if (type === ownEvents.workPaused.type)
      pause.start(WorkPaused.decode(payload).name, batch.timeMs, this.#decoded().actor);
    else if (type === ownEvents.workReleased.type) pause.release(WorkReleased.decode(payload));
    else if (type === ownEvents.behaviourRaised.type) recoverBehaviour(this.#memory, payload);
  }

  #foldRecord(known: Known, hosted: HostedMachine, batch: JournalBatch): void {
    const { index, event } = this.#scanner;
    if (isWithin(batch.number, index, known.containedTo)) {
      if (event === 1 && batch.number > this.#ownUpTo) this.#memory.live++;
      return;
    }
    if (event === 1) this.#create(known, hosted, batch);
    const { instance } = known;
    if (instance === undefined) {
      // Its beginning is behind the cut and the archive does not know it: it has ended and was removed since.
      known.isRemoved ||= this.#scanner.previousBatch <= this.#coveredTo;
      if (known.isRemoved) {
        this.#countEnd(known, batch.number);
        return;
      }
      throw this.#gap(known.key, 0);
    }
    const memory = this.#memory;
    if (event !== instance.event + 1) throw this.#gap(known.key, instance.event);
    instance.event = event;
    instance.lastBatch = batch.number;
    instance.lastIndex = index;
    if (!instance.isInMemory) memory.instances.add(instance);
    if (instance.dirtyFrom === 0) {
      instance.dirtyFrom = batch.number;
      memory.archiver.dirty(instance);
    }
    this.#foldEvent(known, instance, batch.timeMs);
  }

  /** Starts an instance. One that had its key before has ended, and is discarded. */
  #create(known: Known, hosted: HostedMachine, batch: JournalBatch): void {
    const memory = this.#memory;
    const { instance: before } = known;
    // Nothing of it is kept: the stored data under its key belongs to the new instance.
    if (before?.isInMemory === true) this.#discard(before);
    const instance = memory.instances.blank(known.key, textOf(known.key), hosted);
    instance.incarnation = this.#scanner.incarnation;
    instance.startMs = batch.timeMs;
    instance.startedBy = this.#starter();
    known.instance = instance;
    memory.live++;
  }

  #discard(instance: Instance): void {
    this.#toRebuild.delete(instance);
    this.#failed.delete(instance);
    this.#memory.archiver.discard(instance);
    this.#memory.passivate(instance);
  }

  /**
   * The archive accepts no more data of an instance that it has removed. So it must not continue here, though the
   * journal still has all of it.
   */
  #removeTombstoned(): void {
    for (const { hasTombstone, instance } of this.#known.values()) {
      if (!hasTombstone || instance?.isInMemory !== true) continue;
      if (instance.isEnded && instance.quarantine === undefined) this.#discard(instance);
    }
  }

  async #findQuarantined(key: InstanceKey): Promise<void> {
    const found = await this.#memory.instances.find(key);
    // A repaired release continues with it, so its line changes.
    if (found.kind === "instance" && found.instance.quarantine === undefined)
      this.#memory.markEntryDue(found.instance);
  }

  /** Most records of a batch have the same cause as the one before. So it is decoded once. */
  #starter(): Actor | undefined {
    return this.#decoded().actor;
  }

  #decoded(): Cause {
    if (this.#causeNow === undefined || this.#decodedCause !== this.#cause) {
      this.#decodedCause = this.#cause;
      this.#causeNow = Cause.decode(this.#cause);
    }
    return this.#causeNow;
  }

  /** Subtracts an instance that the partition's snapshot counts as live and that has ended since. */
  #countEnd(known: Known, batch: number): void {
    if (batch <= this.#ownUpTo || known.isEndCounted) return;
    known.isEndCounted = true;
    this.#memory.live--;
  }

  #gap(key: InstanceKey, after: number): TuttiError {
    const { service, partition } = this.#memory.parts;
    const what = `event ${this.#scanner.event} of ${textOf(key)} after event ${after}`;
    return runtimeErrors.gap({ service, partition, what });
  }

  #foldEvent(known: Known, instance: Instance, timeMs: number): void {
    const { type, version, payload } = this.#scanner;
    if (type.startsWith(ownPrefix)) {
      this.#foldOwnOf(known, instance, type, payload, timeMs);
      return;
    }
    known.changed = instance.event;
    if (instance.hosted.namesBlobs) this.#mention(instance, type, version, payload);
    if (instance.quarantine !== undefined || this.#toRebuild.has(instance)) return;
    try {
      const { key, hosted } = instance;
      const event = hosted.event(type, version);
      if (event === undefined)
        throw runtimeErrors.unknownEvent({ kind: key.kind, id: key.id, type, version });
      const body = event.codec.decode(payload);
      if (this.#noteRedelivery.listensTo(event)) {
        const { state } = instance;
        this.#noteRedelivery.record(event, {
          key,
          event: instance.event,
          body,
          state,
          timeMs,
          cause: this.#decoded(),
        });
      }
      event.evolve(instance.state, body, noOutstanding);
      if (event.described !== true && instance.event > 1) return;
      this.#memory.recordStatus(instance, hosted.machine.describe(instance.state).status, timeMs);
    } catch (error) {
      this.#memory.quarantineInstance(instance, type, error, instance.event - 1);
      this.#toRebuild.add(instance);
      this.#failed.add(instance);
    }
  }

  /** Includes quarantined instances: it is unknown how many of their blobs were mentioned before. */
  #mention({ key, hosted }: Instance, type: string, version: number, payload: Uint8Array): void {
    const event = hosted.event(type, version);
    if (event?.blobs === undefined) return;
    try {
      this.#memory.mentions.add(key, event.blobs(event.codec.decode(payload)));
    } catch (error) {
      // Its code fails on durable data: its blobs are unknown, and folding it will fail as well.
      this.#memory.parts.logger.error("failed to read the references of an event", { ...key, type, error });
    }
  }

  #foldOwnOf(known: Known, instance: Instance, type: string, payload: Uint8Array, timeMs: number): void {
    const { quarantined } = this.#memory;
    if (type === ownEvents.keyAnswered.type) recoverKey(instance, KeyAnswered.decode(payload));
    else if (type === ownEvents.commandParked.type) {
      instance.quarantine?.parked.push(CommandParked.decode(payload));
    } else if (type === ownEvents.quarantined.type) {
      // If folding had failed before, the state is still the one before that event.
      const folded = instance.quarantine?.folded ?? instance.event - 1;
      const isRebuilt = !this.#toRebuild.has(instance);
      const reason = Quarantined.decode(payload);
      instance.quarantine = { reason, sinceMs: timeMs, folded, isRecorded: true, isRebuilt, parked: [] };
      quarantined.add(instance);
      this.#memory.markEntryDue(instance);
    } else if (type === ownEvents.repaired.type) {
      this.#foldRepair(known, instance, Repaired.decode(payload), timeMs);
    }
  }

  #foldRepair(known: Known, instance: Instance, { action, event }: Repaired, timeMs: number): void {
    const { quarantine } = instance;
    const memory = this.#memory;
    const isRetry = action === RepairAction.REPAIR_ACTION_RETRY;
    if (isRetry && quarantine !== undefined && this.#failed.has(instance)) {
      // Another release could continue with it. This one still cannot.
      instance.quarantine = { ...quarantine, isRecorded: false, parked: [] };
      return;
    }
    instance.quarantine = undefined;
    memory.quarantined.delete(instance);
    // The state of a reset is somewhere in the history: it is folded after everything was read.
    if (!isRetry && (this.#failed.delete(instance) || event < known.changed)) this.#toRebuild.add(instance);
    if (action === RepairAction.REPAIR_ACTION_RESET) instance.resets++;
    if (action === RepairAction.REPAIR_ACTION_TERMINATE) memory.recordTerminated(instance, timeMs);
    else memory.markEntryDue(instance);
  }

  /** Everything that was read is durable: the outstanding work follows from the states. */
  #recoverOutstanding(): void {
    const memory = this.#memory;
    for (const instance of memory.instances.values()) {
      if (!this.#toRebuild.has(instance)) memory.recoverOutstanding(instance);
    }
  }
}

/** Returns whether a record lies at or before a place. */
function isWithin(batch: number, index: number, place: RecordPlace): boolean {
  return batch < place.batch || (batch === place.batch && index <= place.index);
}

const nowhere: RecordPlace = { batch: 0, index: -1 };
const nothingStored: LoadResult = { kind: "nothing" };
const nothing = new Uint8Array(0);
