/**
 * Memory of a partition under one epoch, and all ways in which it changes. If an append fails, all of it is dropped and
 * read again from durable data.
 *
 * 1. Every change of an instance is recorded in the open batch in the same turn. A change without a record did not
 *    happen.
 * 2. No answer, effect or message leaves before everything it rests on is durable.
 */
import type { LettersSent } from "@tutti/contracts/runtime/v1";
import type { Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { ArchivePartition, Blobs, Failure, Journal, JournalPartition, LoadResult } from "@tutti/journal";
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
import type { JournalSource, MemoryUse, Retention, RuntimeLimits } from "../options.ts";
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
import { Mentions } from "./mentions.ts";
import { OpenBatch, type Recorded } from "./open-batch.ts";
import { Pause } from "./pause.ts";
import { reservedUntil } from "./stored-form.ts";

/**
 * Used shares of the heap above which a partition with many instances creates none (`short`), and loads no stored one
 * (`critical`), for a command. Above the share of the process no partition does either: few instances with large values
 * fill it too, and threads and the allocator need as much again.
 */
export const memoryShares = { short: 0.7, critical: 0.85, process: 0.5 } as const;

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
  readonly memoryUse: () => MemoryUse;
  readonly retentionOf: (kind: string) => Retention;
  readonly partitionsOf: (service: string) => number;
  /** The cause of the partition's own records. */
  readonly cause: Cause;
  /** Requests a turn, with an arrival to process in it. */
  wake(arrival?: Arrival): void;
  /** Returns whether this process may answer for the partition without asking the journal. */
  mayAnswer(): boolean;
  /** Messages of a channel may leave. */
  released(channel: Channel): void;
  revive(key: InstanceKey, stored: LoadResult): Promise<Instance | undefined>;
  failed(failure: Failure): void;
  /** The archive refused this owner because it was replaced. */
  fenced(error: TuttiError): void;
  /** The stored data of the archive, or of the journal behind it, is damaged. */
  damaged(error: TuttiError): void;
  faulted(fault: unknown): void;
}

/** Receives the changes that have to be archived. */
export interface Archiver {
  /** The instance has its first record that no snapshot contains. */
  dirty(instance: Instance): void;
  /** The line of the instance in the index must be written. */
  entryDue(instance: Instance): void;
  /** The end of the instance is durable. */
  handleEnd(instance: Instance): void;
  /** Another instance has its key now. */
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
  /** The partition itself, as the owner of its own records. */
  readonly self: Recorded;
  /** Number of instances ever started here. */
  incarnations = 0;
  /** Instances that have not ended, here and in the archive. */
  live = 0;
  readonly quarantined = new Set<Instance>();
  readonly listeners = new Listeners();
  readonly pause = new Pause();
  readonly behaviours = new Behaviours();
  /** The first batch with a record of a kind that is not hosted here. It is kept for a release that hosts it. */
  retainedFrom = Number.POSITIVE_INFINITY;
  nowMs = 0;
  isStopped = false;
  answers = new Answers();
  archiver: Archiver = { dirty() {}, entryDue() {}, handleEnd() {}, discard() {}, wake() {} };
  /** Instances that started since the partition was loaded and ended in the open batch. */
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
      (key) => this.instances.get(textOf(key)) !== undefined || this.instances.mayExist(key),
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
      // In addition to the batch's content before the step, and the messages added at its end.
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

  /** The batch that makes all decisions so far durable. */
  get lastBatch(): number {
    return this.batch.count > 0 ? this.batch.number : this.commits.appended;
  }

  /**
   * Whether memory is short: the process has used its share, or the heap this one. The heap counts only with more than
   * `loadedMin` instances, because fewer cannot be what fills it.
   */
  isShort(heapShare: number, loadedMin = 0): boolean {
    const { heap, process } = this.parts.memoryUse();
    return process > memoryShares.process || (heap > heapShare && this.instances.size > loadedMin);
  }

  /** Whether the turn must end here: other waiting work belongs into the next batch. */
  get isBatchFull(): boolean {
    return this.batch.bytes + this.outbox.openBytes >= this.parts.limits.batchBytesSoft;
  }

  /** Sets the time of this turn. */
  startTurn(): void {
    this.nowMs = this.parts.clock.now();
    this.decider.nowMs = this.nowMs;
  }

  /** Ends a turn: its decisions go into the journal, and its answers wait for the batch. */
  endTurn(): void {
    this.#recordMessages();
    if (this.batch.count > 0) this.#append();
    else if (!this.answers.isEmpty) this.#answerWithoutBatch();
    else if (this.folding.due.length > 0) this.#dispatchRecovered();
  }

  /** Notes the consequences of the decider's last step for an instance. */
  recordStep(instance: Instance): void {
    if (this.decider.emitted === 0) return;
    if (!instance.isInMemory) {
      this.instances.add(instance);
      this.live++;
    }
    if (this.decider.wasDescribed) this.recordStatus(instance, this.decider.status, this.nowMs);
    // It may have awaited this effect, and need no longer be kept.
    else if (instance.isEnded && instance.effects.size === 0) this.markEntryDue(instance);
    this.markDirty(instance);
  }

  /** Applies an event of the runtime to an instance. */
  record<Body>(instance: Instance, { header, codec }: OwnEvent<Body>, body: Body, cause: Cause): void {
    this.batch.add(instance, header, codec as WireCodec<Body>, body, cause);
    this.markDirty(instance);
  }

  /** An instance has a record in the open batch. */
  markDirty(instance: Instance): void {
    this.listeners.happened(instance);
    if (instance.dirtyFrom !== 0) return;
    instance.dirtyFrom = this.batch.number;
    this.archiver.dirty(instance);
  }

  /**
   * Returns until when the id of an instance stays reserved that is no longer kept. Undefined if the instance is kept.
   */
  reservedUntil(instance: Instance, nowMs = this.nowMs): number | undefined {
    return reservedUntil(instance, this.parts.retentionOf(instance.key.kind), nowMs);
  }

  /** Notes the status of an instance. It may have ended, or resumed after its end. */
  recordStatus(instance: Instance, status: WorkStatus, nowMs: number): void {
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
    this.markEntryDue(instance);
  }

  /** Notes that an instance was terminated: its machine is not called any more. */
  recordTerminated(instance: Instance, nowMs: number): void {
    if (instance.endMs === 0) this.live--;
    if (instance.endMs === 0) instance.endMs = nowMs;
    instance.isTerminated = true;
    this.markEntryDue(instance);
    this.listeners.happened(instance);
  }

  /** The part of an instance that lists show may have changed. */
  markEntryDue(instance: Instance): void {
    if (instance.isEntryDue) return;
    instance.isEntryDue = true;
    this.archiver.entryDue(instance);
  }

  /** An instance was loaded from the archive: its outstanding effects are started and awaited here again. */
  arrived(instance: Instance): void {
    instance.touchedMs = this.nowMs;
    this.recoverOutstanding(instance);
    this.archiver.wake();
    if (this.folding.due.length > 0) this.parts.wake();
  }

  /** Starts and awaits the outstanding work that the state of an instance contains. */
  recoverOutstanding(instance: Instance): void {
    if (instance.quarantine !== undefined) this.quarantined.add(instance);
    else if (!instance.isEnded) {
      try {
        this.folding.recover(instance);
      } catch (error) {
        this.quarantineInstance(instance, "recover", error, instance.event);
      }
    }
  }

  /**
   * Quarantines an instance because its code fails on durable data, as with a faulty release. Nothing is recorded: a
   * repaired release continues by itself.
   */
  quarantineInstance(instance: Instance, on: string, error: unknown, folded: number): void {
    this.parts.logger.error("machine failed on its durable events, quarantined", {
      ...instance.key,
      on,
      error,
    });
    instance.quarantine = quarantineFor(on, error, folded, this.nowMs);
    this.quarantined.add(instance);
    // An instance whose first event cannot be folded has a line too: without a line it would not be known to be kept.
    this.markEntryDue(instance);
    this.folding.release(instance);
    instance.effects.clear();
  }

  /** Returns the effects to start. Those of paused machines are found again when they are released. */
  drainDue(): PendingEffect[] {
    const { due } = this.folding;
    this.folding.due = [];
    return this.pause.isOn ? due.filter(({ instance }) => !this.pause.isPaused(instance)) : due;
  }

  /** Removes an instance from memory. */
  passivate(instance: Instance): void {
    this.folding.release(instance);
    this.instances.remove(instance);
    this.quarantined.delete(instance);
    this.listeners.departed(instance);
  }

  /** Stops deciding. Returns the work that waits for an answer. */
  stop(): readonly Answers[] {
    this.isStopped = true;
    const open = [...this.instances.values()].flatMap(({ effects }) =>
      [...effects].map(({ token }) => token),
    );
    // Effects that were settled by events which may never become durable are still needed if they do not.
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
    for (const accepted of outbox.drainAccepted()) add(ownEvents.lettersTaken, accepted);
    // A confirmation that is not recorded causes a repetition after a restart, so it waits for the next batch.
    if (batch.count > 0)
      for (const confirmed of outbox.closeConfirmed()) add(ownEvents.lettersConfirmed, confirmed);
  }

  #append(): void {
    const { number } = this.batch;
    const due = this.drainDue();
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
   * alone is no proof: after a pause its confirmation may be old, and another process may be the owner.
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
      // They may rest on batches under way, so they are started once those are durable.
      const due = this.drainDue();
      this.commits.reached(this.commits.appended).then((isDurable) => {
        if (isDurable && !this.isStopped) this.#dispatch(due);
      }, this.parts.faulted);
      return;
    }
    this.#dispatch(this.drainDue());
  }

  #durable({ answers, due, dropped, ended, sent, notes }: Commit): void {
    if (this.isStopped) return;
    answers.send(this.parts.faulted);
    for (const instance of ended) this.archiver.handleEnd(instance);
    if (dropped.length > 0) this.#cancelEffects(dropped);
    this.#dispatch(due);
    if (sent !== undefined) for (const channel of this.outbox.release(sent)) this.parts.released(channel);
    this.publishNotes(notes);
  }

  /** Publishes the notes of durable events. */
  publishNotes(notes: readonly unknown[]): void {
    if (notes.length === 0) return;
    try {
      this.parts.effects.eventListener?.handle(notes);
    } catch (error) {
      // The events stay durable even if a listener fails.
      this.parts.logger.error("event listener failed", { error });
    }
  }

  #dispatch(due: Commit["due"]): void {
    // Effects that were settled or replaced meanwhile need not be started.
    const outstanding = due.every(isOutstanding) ? due : due.filter(isOutstanding);
    if (outstanding.length === 0) return;
    try {
      this.parts.effects.dispatch(outstanding);
    } catch (fault) {
      this.parts.faulted(fault);
    }
  }

  #cancelEffects(dropped: Commit["dropped"]): void {
    try {
      this.parts.effects.withdraw(dropped);
    } catch (fault) {
      this.parts.faulted(fault);
    }
  }
}

function isOutstanding(effect: PendingEffect): boolean {
  const { instance, token } = effect;
  return instance.isInMemory && instance.effects.get(token.number) === effect;
}

interface Listener {
  /** True if only the end of the instance counts. */
  readonly endOnly: boolean;
  wake(): void;
}

/**
 * Callers that wait for an event of an instance. Each is woken once, when the event is decided. A read at that moment
 * is answered when the event is durable.
 */
class Listeners {
  readonly #byInstance = new Map<Instance, Set<Listener>>();

  /** Resolves at the next event of the instance, when it has left memory, or when the signal is aborted. */
  waitForEvent(instance: Instance, endOnly: boolean, signal: AbortSignal): Promise<void> {
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

  departed(instance: Instance): void {
    if (this.#byInstance.size === 0) return;
    for (const { wake } of this.#byInstance.get(instance) ?? []) wake();
  }

  stop(): void {
    for (const listening of [...this.#byInstance.values()]) for (const { wake } of [...listening]) wake();
  }
}
