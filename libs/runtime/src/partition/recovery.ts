/**
 * Reads a partition's memory from what is durable: the archive up to where it covers the journal, then the journal up to
 * the seal of this epoch.
 *
 * 1. The seal comes first: what is read up to it is all there is and will ever be before it.
 * 2. A snapshot may be newer than what the archive covers as a whole: records that it contains are passed over.
 * 3. Replaying gives the state that was live. A record that cannot be folded keeps its instance aside, not the partition.
 */
import {
  CommandParked,
  KeyAnswered,
  LettersConfirmed,
  LettersSent,
  LettersTaken,
  Quarantined,
  RepairAction,
  Repaired,
} from "@tutti/contracts/runtime/v1";
import { Cause } from "@tutti/contracts/types/v1";
import type { JournalBatch, Opening } from "@tutti/journal";
import { errorFromUnknown, isEnded, keyOf, toErrorDetail } from "@tutti/kernel";
import { runtimeErrors } from "../errors.ts";
import { partitionKind } from "../machines/hosted-machine.ts";
import { ownEvents, ownPrefix } from "../records/own-events.ts";
import { RecordReader } from "../records/record-reader.ts";
import { decodePartition } from "../snapshots/snapshot.ts";
import { recoverKey } from "./answered-keys.ts";
import { heedless } from "./folding.ts";
import type { Instance } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";

/** What a replay cannot fold itself: states that have to be folded from the whole history. */
export interface Recovered {
  readonly toRebuild: ReadonlySet<Instance>;
}

export class Recovery {
  readonly #memory: PartitionMemory;
  readonly #reader = new RecordReader();
  /** Instances by the encoded form of their keys; null for what is not hosted, or ended and contained in the archive. */
  readonly #known = new Map<string, Instance | null>();
  readonly #toRebuild = new Set<Instance>();
  /** Up to here the partition's own records are contained in its snapshot. */
  #ownUpTo = 0;
  /** Events up to which an ended instance is contained in the archive. */
  readonly #endedAt = new Map<string, number>();
  /** Instances that have ended and are removed, though what happened at their end is still in the journal. */
  readonly #gone = new Set<string>();
  #cause: Uint8Array = nothing;

  constructor(memory: PartitionMemory) {
    this.#memory = memory;
  }

  async run(opening: Opening): Promise<Recovered> {
    const { log, service, partition } = this.#memory.parts;
    if (log.first > opening.coveredTo + 1) {
      const what = `an archive up to batch ${opening.coveredTo} and a journal from batch ${log.first} on`;
      throw runtimeErrors.gap({ service, partition, what });
    }
    this.#takeOpening(opening);
    for await (const slice of log.read(Math.max(log.first, opening.coveredTo + 1))) {
      await this.#prepare(slice);
      for (const batch of slice) this.#fold(batch);
    }
    this.#recoverOutstanding();
    return { toRebuild: this.#toRebuild };
  }

  #takeOpening({ partitionSnapshot, live }: Opening): void {
    const memory = this.#memory;
    memory.live = live;
    const snapshot = decodePartition(partitionSnapshot);
    if (snapshot === undefined) return;
    this.#ownUpTo = snapshot.batch;
    memory.incarnations = snapshot.incarnations;
    memory.self.event = snapshot.event;
    memory.self.lastBatch = snapshot.eventBatch;
    memory.self.lastIndex = snapshot.eventIndex;
    for (const { service, partition, number } of snapshot.taken) {
      memory.letters.take(service, partition, number, false);
    }
    for (const { service, partition, number } of snapshot.sent) {
      const channel = memory.letters.channel(service, partition);
      channel.last = number;
      channel.released = number;
      channel.confirmed = number;
    }
    for (const { service, partition, number } of snapshot.letters) {
      const channel = memory.letters.channel(service, partition);
      channel.confirmed = Math.min(channel.confirmed, number - 1);
    }
    memory.letters.recoverSent({ letters: snapshot.letters });
  }

  /** Looks up all instances that these batches are about and that may be in the archive, together. */
  async #prepare(slice: readonly JournalBatch[]): Promise<void> {
    const lookups: Promise<void>[] = [];
    for (const { records } of slice) {
      this.#reader.begin(records);
      while (this.#reader.next()) {
        const name = this.#reader.keyText;
        if (!this.#known.has(name)) this.#meet(name, lookups);
        else if (this.#reader.event > (this.#endedAt.get(name) ?? Number.POSITIVE_INFINITY)) {
          this.#meetAgain(name, lookups);
        }
      }
    }
    await Promise.all(lookups);
  }

  #meet(name: string, lookups: Promise<void>[]): void {
    const { instances, parts } = this.#memory;
    const { namespace, kind, id, event } = this.#reader;
    this.#known.set(name, null);
    if (kind === partitionKind) return;
    const hosted = instances.hosted(kind);
    if (hosted === undefined) {
      // Machines of another release: their records stay where they are.
      parts.logger.warn("the journal has records of a kind that is not hosted here", { kind });
      return;
    }
    const text = `${namespace}/${kind}/${id}`;
    const key = keyOf(text);
    const blank = (): void => void this.#known.set(name, instances.blank(key, text, hosted));
    if (!instances.mayBeKept(key)) {
      blank();
      return;
    }
    const lookUp = async (): Promise<void> => {
      const [kept = { kind: "nothing" } as const] = await parts.archive.load([key]);
      if (kept.kind === "ended") this.#endedAt.set(name, kept.events);
      else if (kept.kind === "tombstone" && event > 1) this.#gone.add(name);
      else if (kept.kind === "nothing" || kept.kind === "tombstone") blank();
      else this.#known.set(name, (await parts.revive(key, kept)) ?? null);
    };
    lookups.push(lookUp());
  }

  /** An instance that had ended has an event that the archive does not contain: rare, so only then is it folded again. */
  #meetAgain(name: string, lookups: Promise<void>[]): void {
    const { parts } = this.#memory;
    const { namespace, kind, id } = this.#reader;
    const key = keyOf(`${namespace}/${kind}/${id}`);
    this.#endedAt.delete(name);
    const lookUp = async (): Promise<void> => {
      const [kept = { kind: "nothing" } as const] = await parts.archive.load([key]);
      this.#known.set(name, (await parts.revive(key, kept)) ?? null);
    };
    lookups.push(lookUp());
  }

  #fold(batch: JournalBatch): void {
    const reader = this.#reader;
    reader.begin(batch.records);
    this.#cause = nothing;
    while (reader.next()) {
      if (reader.cause.length > 0) this.#cause = reader.cause;
      // Also of instances that are newer in the archive than the partition's own snapshot: their numbers are taken.
      this.#memory.incarnations = Math.max(this.#memory.incarnations, reader.incarnation);
      const name = reader.keyText;
      const instance = this.#known.get(name) ?? this.#begunAgain(name);
      if (instance) this.#foldRecord(instance, batch);
      else if (reader.kind === partitionKind) this.#foldOwn(batch);
    }
  }

  /** The id of an instance that is gone was used once more. */
  #begunAgain(name: string): Instance | undefined {
    const { namespace, kind, id, event } = this.#reader;
    if (event !== 1 || !this.#gone.has(name)) return;
    const { instances } = this.#memory;
    const hosted = instances.hosted(kind);
    const text = `${namespace}/${kind}/${id}`;
    const instance = hosted && instances.blank(keyOf(text), text, hosted);
    if (instance !== undefined) this.#known.set(name, instance);
    return instance;
  }

  #foldOwn(batch: JournalBatch): void {
    if (batch.number <= this.#ownUpTo) return;
    const { self, letters } = this.#memory;
    const { event, index, type, payload } = this.#reader;
    self.event = event;
    self.lastBatch = batch.number;
    self.lastIndex = index;
    if (type === ownEvents.lettersSent.type) letters.recoverSent(LettersSent.decode(payload));
    else if (type === ownEvents.lettersConfirmed.type)
      letters.recoverConfirmed(LettersConfirmed.decode(payload));
    else if (type === ownEvents.lettersTaken.type) {
      const { service, partition, upTo } = LettersTaken.decode(payload);
      letters.take(service, partition, upTo, false);
    }
  }

  #foldRecord(instance: Instance, batch: JournalBatch): void {
    const { event, index, incarnation } = this.#reader;
    if (event <= instance.event) return;
    const memory = this.#memory;
    if (event !== instance.event + 1) {
      const { service, partition } = memory.parts;
      const what = `event ${event} of ${instance.text} after event ${instance.event}`;
      throw runtimeErrors.gap({ service, partition, what });
    }
    if (event === 1) {
      instance.incarnation = incarnation;
      instance.startMs = batch.timeMs;
      instance.startedBy = Cause.decode(this.#cause).actor;
      memory.live++;
    }
    instance.event = event;
    instance.lastBatch = batch.number;
    instance.lastIndex = index;
    if (!instance.isInMemory) memory.instances.add(instance);
    if (instance.dirtyFrom === 0) {
      instance.dirtyFrom = batch.number;
      memory.keeper.dirty(instance);
    }
    this.#foldEvent(instance, batch.timeMs);
  }

  #foldEvent(instance: Instance, timeMs: number): void {
    const { type, version, payload } = this.#reader;
    if (type.startsWith(ownPrefix)) {
      this.#foldOwnOf(instance, type, payload, timeMs);
      return;
    }
    if (instance.quarantine !== undefined || this.#toRebuild.has(instance)) return;
    try {
      const { key, hosted } = instance;
      const event = hosted.event(type, version);
      if (event === undefined)
        throw runtimeErrors.unknownEvent({ kind: key.kind, id: key.id, type, version });
      event.evolve(instance.state, event.codec.decode(payload), heedless);
      if (event.described === true || instance.event === 1) this.#noteDescribed(instance, timeMs);
    } catch (error) {
      this.#keepAside(instance, type, error, timeMs);
    }
  }

  #noteDescribed(instance: Instance, timeMs: number): void {
    this.#memory.noteDescribed(instance, timeMs);
  }

  /** Folding failed, as it can with a release that has a fault: nothing is recorded, and a mended release goes on. */
  #keepAside(instance: Instance, on: string, error: unknown, timeMs: number): void {
    const { parts, quarantined } = this.#memory;
    parts.logger.error("an event cannot be folded; its machine is kept aside", {
      ...instance.key,
      on,
      error,
    });
    const reason = {
      error: toErrorDetail(errorFromUnknown(error)),
      on,
      command: nothing,
      number: 0,
      attempt: 0,
    };
    const folded = instance.event - 1;
    instance.quarantine = { reason, sinceMs: timeMs, folded, isRebuilt: false, parked: [] };
    quarantined.add(instance);
    this.#toRebuild.add(instance);
  }

  #foldOwnOf(instance: Instance, type: string, payload: Uint8Array, timeMs: number): void {
    const { quarantined } = this.#memory;
    if (type === ownEvents.keyAnswered.type) recoverKey(instance, KeyAnswered.decode(payload));
    else if (type === ownEvents.commandParked.type) {
      instance.quarantine?.parked.push(CommandParked.decode(payload));
    } else if (type === ownEvents.quarantined.type) {
      const folded = instance.event - 1;
      const isRebuilt = !this.#toRebuild.has(instance);
      const reason = Quarantined.decode(payload);
      instance.quarantine = { reason, sinceMs: timeMs, folded, isRebuilt, parked: [] };
      quarantined.add(instance);
      this.#noteDescribed(instance, timeMs);
    } else if (type === ownEvents.repaired.type) this.#foldRepair(instance, Repaired.decode(payload), timeMs);
  }

  #foldRepair(instance: Instance, { action }: Repaired, timeMs: number): void {
    const { quarantined } = this.#memory;
    instance.quarantine = undefined;
    quarantined.delete(instance);
    // The state after going back is somewhere in the history: it is folded when everything has been read.
    if (action === RepairAction.REPAIR_ACTION_RESET) this.#toRebuild.add(instance);
    if (action === RepairAction.REPAIR_ACTION_TERMINATE) instance.endMs = timeMs;
    this.#noteDescribed(instance, timeMs);
  }

  /** Everything that was read is durable: what is outstanding follows from the states. */
  #recoverOutstanding(): void {
    const { instances, folding } = this.#memory;
    for (const instance of instances.values()) {
      if (instance.isEnded || instance.quarantine !== undefined || this.#toRebuild.has(instance)) continue;
      if (isEnded(instance.hosted.machine.describe(instance.state).status)) continue;
      folding.recover(instance);
    }
  }
}

const nothing = new Uint8Array(0);
