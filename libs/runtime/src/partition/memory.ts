/**
 * What a partition has in memory under one epoch, and how anything in it changes. When an append fails, all of this is
 * forgotten and read again from what is durable.
 *
 * 1. Every change of an instance is recorded in the open batch in the same turn. A change without a record
 *    did not happen.
 * 2. Nothing leaves before what it rests on is durable: no answer, no effect, no message.
 */
import type { LettersSent } from "@tutti/contracts/runtime/v1";
import type { Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { ArchivePartition, Blobs, Failure, Journal, JournalPartition, Kept } from "@tutti/journal";
import {
  type Chance,
  type InstanceKey,
  isEnded,
  type Logger,
  type TuttiError,
  textOf,
  type WireCodec,
} from "@tutti/kernel";
import type { Effects } from "../api.ts";
import { Behaviours } from "../behaviour/behaviours.ts";
import type { HostedMachines } from "../machines/hosted-machine.ts";
import { type Channel, Outbox } from "../messages/outbox.ts";
import type { JournalSource, Retention, RuntimeLimits } from "../options.ts";
import { type OwnEvent, ownEvents } from "../records/own-events.ts";
import { prefixBytes } from "../records/prefix.ts";
import type { PartitionClock } from "../timers/partition-clock.ts";
import { TimerQueue } from "../timers/timer-queue.ts";
import { Answers } from "./answers.ts";
import { type Commit, Commits } from "./commits.ts";
import { Decider } from "./decider.ts";
import { Folding } from "./folding.ts";
import type { Arrival } from "./inbox.ts";
import { type Instance, type InstanceTimer, type PendingEffect, quarantineFor } from "./instance.ts";
import { Instances } from "./instances.ts";
import { goneUntil } from "./kept-form.ts";
import { Mentions } from "./mentions.ts";
import { OpenBatch, type Recorded } from "./open-batch.ts";
import { Pause } from "./pause.ts";

export interface MemoryParts {
  readonly service: string;
  readonly partition: number;
  readonly epoch: number;
  readonly machines: HostedMachines;
  readonly journal: Journal;
  readonly journals: Pick<JournalSource, "neededFrom">;
  readonly log: JournalPartition;
  readonly archive: ArchivePartition;
  readonly blobs: Pick<Blobs, "mention"> | undefined;
  readonly clock: PartitionClock;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly limits: RuntimeLimits;
  readonly effects: Effects;
  readonly retentionOf: (kind: string) => Retention;
  readonly partitionsOf: (service: string) => number;
  /** The cause of the partition's own records. */
  readonly cause: Cause;
  /** Wants a turn, with something to do in it. */
  wake(arrival?: Arrival): void;
  /** Returns whether this process may answer for the partition without asking the journal. */
  mayAnswer(): boolean;
  /** Messages of a channel may leave. */
  released(channel: Channel): void;
  revive(key: InstanceKey, kept: Kept): Promise<Instance | undefined>;
  failed(failure: Failure): void;
  /** The archive has refused this owner: it was replaced. */
  fenced(error: TuttiError): void;
  /** The archive, or the journal behind it, is not what was written there. */
  damaged(error: TuttiError): void;
  faulted(fault: unknown): void;
}

/** Receives the changes that have to be archived. */
export interface Archiver {
  /** It has its first record that no snapshot contains. */
  dirty(instance: Instance): void;
  /** Its line in the index is to be written. */
  entryDue(instance: Instance): void;
  /** It has ended, and that is durable. */
  ended(instance: Instance): void;
  /** Another one has its key now. */
  discard(instance: Instance): void;
  /** An instance has come into memory that will have to leave again. */
  wake(): void;
}

export class PartitionMemory {
  readonly parts: MemoryParts;
  readonly timers = new TimerQueue<InstanceTimer>();
  readonly batch = new OpenBatch();
  readonly outbox: Outbox;
  readonly mentions: Mentions;
  readonly instances: Instances;
  readonly commits: Commits;
  readonly folding: Folding;
  readonly decider: Decider;
  /** The partition itself, as far as it has records. */
  readonly self: Recorded;
  /** How many instances were ever started here. */
  incarnations = 0;
  /** Instances that have not ended, here and in the archive. */
  live = 0;
  readonly quarantined = new Set<Instance>();
  readonly listeners = new Listeners();
  readonly pause = new Pause();
  readonly behaviours = new Behaviours();
  /** The first batch with a record of a kind that is not hosted here: a release that hosts it needs it. */
  heldFrom = Number.POSITIVE_INFINITY;
  nowMs = 0;
  isStopped = false;
  answers = new Answers();
  archiver: Archiver = { dirty() {}, entryDue() {}, ended() {}, discard() {}, wake() {} };
  /** Those that have ended in the open batch, and started in this life. */
  #ended: Instance[] = [];
  #sent: LettersSent | undefined;

  /** @param durable the last batch that is durable: the seal of this epoch */
  constructor(parts: MemoryParts, durable: number) {
    this.parts = parts;
    const { behaviours } = this;
    const { partition, machines, archive } = parts;
    this.outbox = new Outbox(parts.partitionsOf);
    this.mentions = new Mentions(
      parts,
      parts.blobs,
      (key) => this.instances.get(textOf(key)) !== undefined || this.instances.mayBeKept(key),
    );
    this.folding = new Folding(partition, this.timers);
    this.instances = new Instances({
      machines,
      archive,
      revive: parts.revive,
      arrived: (instance) => this.arrived(instance),
    });
    this.decider = new Decider({
      batch: this.batch,
      folding: this.folding,
      outbox: this.outbox,
      mentions: this.mentions,
      chance: parts.chance,
      eventListener: parts.effects.eventListener,
      behaviours: this.behaviours,
      count: () => ++this.incarnations,
      // Beside what the batch may have before, and the messages that it gets at its end.
      stepBytesMax: Math.floor((parts.journal.batchBytesMax - parts.limits.batchBytesSoft) / 2),
    });
    this.commits = new Commits({
      journal: parts.log,
      epoch: parts.epoch,
      get behaviour() {
        return behaviours.newest;
      },
      durable,
      onDurable: (commit) => this.#durable(commit),
      onFailure: (failure) => {
        if (!this.isStopped) parts.failed(failure);
      },
      onFault: parts.faulted,
    });
    const prefix = prefixBytes(new FlatWriter(64), "", "partition", String(partition));
    this.self = { prefix, incarnation: 0, event: 0, lastBatch: 0, lastIndex: 0 };
    this.batch.open(durable + 1);
  }

  /** The batch that everything decided so far is durable with. */
  get lastBatch(): number {
    return this.batch.count > 0 ? this.batch.number : this.commits.appended;
  }

  /** Whether the turn has to end here: what else waits belongs into the next batch. */
  get isBatchFull(): boolean {
    return this.batch.bytes + this.outbox.openBytes >= this.parts.limits.batchBytesSoft;
  }

  /** The time of this turn. */
  beginTurn(): void {
    this.nowMs = this.parts.clock.now();
    this.decider.nowMs = this.nowMs;
  }

  /** Ends a turn: what it decided goes into the journal, and answers go with it. */
  endTurn(): void {
    this.#recordMessages();
    if (this.batch.count > 0) this.#append();
    else if (!this.answers.isEmpty) this.#answerWithoutBatch();
    else if (this.folding.due.length > 0) this.#dispatchRecovered();
  }

  /** Notes what the decider's last step did to an instance. */
  noteStep(instance: Instance): void {
    if (this.decider.emitted === 0) return;
    if (!instance.isInMemory) {
      this.instances.add(instance);
      this.live++;
    }
    if (this.decider.wasDescribed) this.noteStatus(instance, this.decider.status, this.nowMs);
    // It may have awaited this, and need no longer be kept.
    else if (instance.isEnded && instance.effects.size === 0) this.noteEntry(instance);
    this.noteRecord(instance);
  }

  /** An event of the runtime's own happens to an instance. */
  record<Body>(instance: Instance, { header, codec }: OwnEvent<Body>, body: Body, cause: Cause): void {
    this.batch.add(instance, header, codec as WireCodec<Body>, body, cause);
    this.noteRecord(instance);
  }

  /** An instance has a record in the open batch. */
  noteRecord(instance: Instance): void {
    this.listeners.happened(instance);
    if (instance.dirtyFrom !== 0) return;
    instance.dirtyFrom = this.batch.number;
    this.archiver.dirty(instance);
  }

  /** Until when the id stays taken of an instance that is kept no longer. Undefined of one that is. */
  goneUntil(instance: Instance, nowMs = this.nowMs): number | undefined {
    return goneUntil(instance, this.parts.retentionOf(instance.key.kind), nowMs);
  }

  /** How an instance stands now. It may have ended, or been resumed after its end. */
  noteStatus(instance: Instance, status: WorkStatus, nowMs: number): void {
    if (isEnded(status)) {
      if (instance.endMs === 0) {
        instance.endMs = nowMs;
        this.live--;
        if (instance.isNew) this.#ended.push(instance);
      }
    } else if (instance.endMs !== 0 && !instance.isTerminated) {
      instance.endMs = 0;
      this.live++;
    }
    this.noteEntry(instance);
  }

  /** Ended by force: its machine is asked nothing any more. */
  noteTerminated(instance: Instance, nowMs: number): void {
    if (instance.endMs === 0) this.live--;
    if (instance.endMs === 0) instance.endMs = nowMs;
    instance.isTerminated = true;
    this.noteEntry(instance);
    this.listeners.happened(instance);
  }

  /** What lists show of an instance may have changed. */
  noteEntry(instance: Instance): void {
    if (instance.isEntryDue) return;
    instance.isEntryDue = true;
    this.archiver.entryDue(instance);
  }

  /** An instance has come from the archive: what it has outstanding is done and awaited here again. */
  arrived(instance: Instance): void {
    instance.touchedMs = this.nowMs;
    this.recoverOutstanding(instance);
    this.archiver.wake();
    if (this.folding.due.length > 0) this.parts.wake();
  }

  /** What an instance has outstanding, as its state says, is done and awaited here. */
  recoverOutstanding(instance: Instance): void {
    if (instance.quarantine !== undefined) this.quarantined.add(instance);
    else if (!instance.isEnded) {
      try {
        this.folding.recover(instance);
      } catch (error) {
        this.keepAside(instance, "recover", error, instance.event);
      }
    }
  }

  /**
   * An instance cannot be used because its code fails on what is durable, as with a release that has a fault. Nothing
   * is recorded: a repaired release continues by itself.
   */
  keepAside(instance: Instance, on: string, error: unknown, folded: number): void {
    this.parts.logger.error("machine failed on its durable events, quarantined", {
      ...instance.key,
      on,
      error,
    });
    instance.quarantine = quarantineFor(on, error, folded, this.nowMs);
    this.quarantined.add(instance);
    // Also one whose first event cannot be folded has a line: what has none is not known to be kept.
    this.noteEntry(instance);
    this.folding.release(instance);
    instance.effects.clear();
  }

  /** Effects that are to be started. Those of paused machines are found again when they are released. */
  takeDue(): PendingEffect[] {
    const { due } = this.folding;
    this.folding.due = [];
    return this.pause.isOn ? due.filter(({ instance }) => !this.pause.holds(instance)) : due;
  }

  /** Puts an instance out of memory. */
  passivate(instance: Instance): void {
    this.folding.release(instance);
    this.instances.remove(instance);
    this.quarantined.delete(instance);
    this.listeners.left(instance);
  }

  /** Nothing more is decided here. Gives work that waits for an answer. */
  stop(): readonly Answers[] {
    this.isStopped = true;
    const open = [...this.instances.values()].flatMap(({ effects }) =>
      [...effects].map(({ token }) => token),
    );
    // What was settled by events that may never become durable is still wanted if they do not.
    const released = [...open, ...this.commits.dropped, ...this.folding.dropped];
    const { effects } = this.parts;
    try {
      if (effects.release === undefined) effects.withdraw(released);
      else if (released.length > 0) effects.release(released);
    } catch (error) {
      this.parts.logger.error("effect handler failed on withdrawal", { error });
    }
    this.timers.clear();
    this.listeners.stop();
    this.instances.stop();
    return [...this.commits.abandon(), this.answers];
  }

  #recordMessages(): void {
    const { batch, outbox, self } = this;
    const { cause } = this.parts;
    const add = <Body>({ header, codec }: OwnEvent<Body>, body: Body): void =>
      batch.add(self, header, codec, body, cause);
    this.#sent = outbox.closeSent();
    if (this.#sent !== undefined) add(ownEvents.lettersSent, this.#sent);
    for (const taken of outbox.closeTaken()) add(ownEvents.lettersTaken, taken);
    // A confirmation that is not recorded costs a repetition after a restart: it waits for a batch that goes anyway.
    if (batch.count > 0)
      for (const confirmed of outbox.closeConfirmed()) add(ownEvents.lettersConfirmed, confirmed);
  }

  #append(): void {
    const { number } = this.batch;
    const due = this.takeDue();
    const { dropped } = this.folding;
    const { answers } = this;
    this.folding.dropped = [];
    this.answers = new Answers();
    const ended = this.#ended;
    if (ended.length > 0) this.#ended = [];
    const { notes } = this.decider;
    if (notes.length > 0) this.decider.notes = [];
    const commit = { number, answers, due, dropped, ended, sent: this.#sent, notes };
    this.commits.append(this.batch, this.nowMs, commit);
    this.batch.open(number + 1);
  }

  /**
   * Answers without a batch of their own rest on this process's lease term, and on the last batch under way. That batch
   * alone is no proof: after a pause its confirmation may be old, and another process the owner.
   */
  #answerWithoutBatch(): void {
    if (!this.parts.mayAnswer()) {
      this.#append();
      return;
    }
    if (this.commits.attach(this.answers)) {
      if (this.folding.due.length > 0) this.#dispatchRecovered();
      return;
    }
    const { answers } = this;
    this.answers = new Answers();
    answers.send(this.parts.faulted);
    if (this.folding.due.length > 0) this.#dispatchRecovered();
  }

  /** Effects of instances that came from the archive are durable already. */
  #dispatchRecovered(): void {
    if (!this.commits.isIdle) {
      // They may rest on what is under way: the next turn takes them along.
      const due = this.takeDue();
      this.commits.reached(this.commits.appended).then((isDurable) => {
        if (isDurable && !this.isStopped) this.#dispatch(due);
      }, this.parts.faulted);
      return;
    }
    this.#dispatch(this.takeDue());
  }

  #durable({ answers, due, dropped, ended, sent, notes }: Commit): void {
    if (this.isStopped) return;
    answers.send(this.parts.faulted);
    for (const instance of ended) this.archiver.ended(instance);
    if (dropped.length > 0) this.#withdraw(dropped);
    this.#dispatch(due);
    if (sent !== undefined) for (const channel of this.outbox.release(sent)) this.parts.released(channel);
    this.publishNotes(notes);
  }

  /** What was noted of events that are durable. */
  publishNotes(notes: readonly unknown[]): void {
    if (notes.length === 0) return;
    try {
      this.parts.effects.eventListener?.handle(notes);
    } catch (error) {
      // What happened has happened, even if a listener fails.
      this.parts.logger.error("event listener failed", { error });
    }
  }

  #dispatch(due: Commit["due"]): void {
    // What was settled or replaced meanwhile need not be started.
    const wanted = due.every(isWanted) ? due : due.filter(isWanted);
    if (wanted.length === 0) return;
    try {
      this.parts.effects.dispatch(wanted);
    } catch (fault) {
      this.parts.faulted(fault);
    }
  }

  #withdraw(dropped: Commit["dropped"]): void {
    try {
      this.parts.effects.withdraw(dropped);
    } catch (fault) {
      this.parts.faulted(fault);
    }
  }
}

function isWanted(effect: PendingEffect): boolean {
  const { instance, token } = effect;
  return instance.isInMemory && instance.effects.get(token.number) === effect;
}

interface Listener {
  /** Whether nothing but the end matters. */
  readonly endOnly: boolean;
  wake(): void;
}

/**
 * Callers that wait for something to happen to an instance. Each is woken once, when it is decided: what is read then is
 * answered when that is durable.
 */
class Listeners {
  readonly #byInstance = new Map<Instance, Set<Listener>>();

  /** Resolves when something has happened to it, it has left memory, or it is no longer wanted. */
  heard(instance: Instance, endOnly: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.#byInstance.get(instance) ?? new Set();
      this.#byInstance.set(instance, listening);
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        listening.delete(listener);
        if (listening.size === 0 && this.#byInstance.get(instance) === listening)
          this.#byInstance.delete(instance);
        resolve();
      };
      const listener: Listener = { endOnly, wake };
      listening.add(listener);
      signal.addEventListener("abort", wake);
    });
  }

  happened(instance: Instance): void {
    if (this.#byInstance.size === 0) return;
    for (const { endOnly, wake } of this.#byInstance.get(instance) ?? [])
      if (!endOnly || instance.isEnded) wake();
  }

  left(instance: Instance): void {
    if (this.#byInstance.size === 0) return;
    for (const { wake } of this.#byInstance.get(instance) ?? []) wake();
  }

  stop(): void {
    for (const listening of [...this.#byInstance.values()]) for (const { wake } of [...listening]) wake();
  }
}
