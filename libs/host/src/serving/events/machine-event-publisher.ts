/**
 * Publishes the events of a service's machines on the bus.
 *
 * 1. Published events are durable, and in order for each machine.
 * 2. No decision waits for it: making an event takes a multiple of the time of the step that it reports, so it is done
 *    later and at a limited rate. A burst is queued. Events that do not fit are left out and counted.
 * 3. The owner of a partition publishes its events. The next owner publishes the last events of a dead one again:
 *    their ids are the same, and the bus does not deliver them twice.
 */
import { type Bus, type EventInput, EventOutlet } from "@tutti/bus";
import type { Component, CounterCell, Foundation, Health, InstanceKey, MachineEvent } from "@tutti/kernel";
import type { Happening, MachineEventListener, NoteFactory } from "@tutti/runtime";
import type { NoteHead, PublishedMachine, RetryNote } from "./note.ts";
import { ProgressQueue } from "./progress-queue.ts";
import { type StateLog, taskLog } from "./state-log.ts";

/** An event to publish. `kind` distinguishes it from a progress note. */
interface PublishableNote extends NoteHead {
  readonly kind: string;
}

/** Makes events of notes. It may query machines, which may take a while. */
export interface EventMapper<Note extends PublishableNote> {
  eventOf(note: Note): EventInput | Promise<EventInput | undefined>;
  /** Called for each note when it is durable, before its event is queued. */
  onNote?(note: Note): void;
  /** Returns whether the note reports the end of its subject. */
  isEnd(note: Note): boolean;
  /**
   * Returns the progress of a machine. A note without a kind reports a change: there are many, and none costs a further
   * object. The state is read when the note is published. Undefined if there is nothing to publish.
   */
  progressOf(head: NoteHead): Promise<EventInput | undefined>;
}

export interface PublisherOptions {
  /** Events that may be made immediately, and further ones per second. */
  readonly burst: number;
  readonly perSec: number;
  /** Maximum number of queued notes. */
  readonly waitingMax: number;
}

const defaults: PublisherOptions = { burst: 2_000, perSec: 2_000, waitingMax: 50_000 };
/** Events within this time are published together, if there were none before them. */
const gatherMs = 1;
/**
 * Pause between two publications. The server, its replicas and subscribers receive a burst in one piece: with hundreds
 * of events a second, single publications cost more than the steps that they report.
 */
const betweenMs = 25;
/** Pause while more events are queued than are allowed. */
const crowdedMs = 10;
const batchMax = 100;
const progressEveryMs = 100;
const progressBatchMax = 20;

export interface MachineEventPublisherParts<Note extends PublishableNote> {
  readonly bus: Pick<Bus, "publish">;
  readonly foundation: Foundation;
  readonly sources: readonly PublishedMachine[];
  readonly mapper: EventMapper<Note>;
  /** Events dropped because the publish queue was full. */
  readonly dropped: CounterCell;
  /** Called for each subject that has ended. */
  readonly ended?: ((key: InstanceKey, note: Note) => void) | undefined;
}

export class MachineEventPublisher<Note extends PublishableNote> implements MachineEventListener, Component {
  readonly notes: ReadonlyMap<MachineEvent<never>, NoteFactory>;
  readonly #outlet: EventOutlet;
  readonly #foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly #options: PublisherOptions;
  readonly #dropped: CounterCell;
  readonly #progress = new ProgressQueue();
  readonly #tasks: StateLog;
  readonly #mapper: EventMapper<Note>;
  readonly #ended: MachineEventPublisherParts<Note>["ended"];
  #waiting: Note[] = [];
  #publishing: Promise<void> | undefined;
  #publishedMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #isProgressScheduled = false;
  #allowed: number;
  #allowedMs: number;

  constructor(parts: MachineEventPublisherParts<Note>, options: Partial<PublisherOptions> = {}) {
    const { bus, foundation, sources, mapper, dropped, ended } = parts;
    this.#ended = ended;
    this.#options = { ...defaults, ...options };
    this.#foundation = foundation;
    this.#tasks = taskLog(foundation);
    this.#mapper = mapper;
    this.#dropped = dropped;
    this.#outlet = new EventOutlet(bus, foundation);
    this.#allowed = this.#options.burst;
    this.#allowedMs = foundation.clock.monotonic();
    this.notes = notesOf(sources);
  }

  handle(notes: readonly unknown[]): void {
    const nowMs = this.#foundation.clock.monotonic();
    for (const note of notes) {
      if (note instanceof Error) this.#foundation.logger.error("failed to record an event", { error: note });
      else if (Array.isArray(note))
        for (const item of note as readonly (Note | RetryNote | Happening)[]) this.#accept(item, nowMs);
      else this.#accept(note as Note | RetryNote | Happening, nowMs);
    }
  }

  /** Publishes all waiting events, without a limit. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#allowed = Number.POSITIVE_INFINITY;
    await this.#publishing;
    await this.#publishAll();
    await this.#outlet.drain(signal);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#outlet.stop();
  }

  health(): Health {
    return this.#outlet.health();
  }

  #accept(note: Note | RetryNote | Happening, nowMs: number): void {
    if (!("kind" in note)) {
      this.#progress.moved(note, nowMs);
      this.#scheduleProgress();
      return;
    }
    if (isRetry(note)) {
      const { key, task, attempt, code } = note;
      const change = { key: { ...key, kind: "task", id: task }, type: "retried", cause: note.cause };
      this.#tasks.changed(change, { [key.kind]: key.id, attempt, code });
      return;
    }
    this.#mapper.onNote?.(note);
    if (this.#mapper.isEnd(note)) {
      this.#progress.remove(note.key);
      this.#ended?.(note.key, note);
    }
    if (this.#waiting.length >= this.#options.waitingMax) {
      this.#dropped.add();
      return;
    }
    this.#waiting.push(note);
    if (this.#publishing === undefined)
      this.#later(Math.max(gatherMs, this.#publishedMs + betweenMs - nowMs));
  }

  #later(delayMs: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#publishing = promise;
    this.#foundation.timers.after(delayMs, () => {
      this.#publishSome()
        .catch((error: unknown) => this.#foundation.logger.error("failed to publish events", { error }))
        .finally(() => {
          this.#publishing = undefined;
          resolve();
          if (this.#waiting.length > 0 && !this.#isStopped) this.#later(crowdedMs);
        });
    });
  }

  async #publishSome(): Promise<void> {
    this.#publishedMs = this.#foundation.clock.monotonic();
    const most = Math.min(batchMax, this.#allowance());
    for (const note of this.#waiting.splice(0, most)) await this.#publishOne(note);
  }

  async #publishAll(): Promise<void> {
    for (const note of this.#waiting.splice(0)) await this.#publishOne(note);
  }

  #allowance(): number {
    const { burst, perSec } = this.#options;
    const nowMs = this.#foundation.clock.monotonic();
    this.#allowed = Math.min(burst, this.#allowed + ((nowMs - this.#allowedMs) * perSec) / 1_000);
    this.#allowedMs = nowMs;
    const some = Math.min(Math.floor(this.#allowed), this.#waiting.length);
    this.#allowed -= some;
    return some;
  }

  /** An event that cannot be made is dropped and counted. The events after it are published. */
  #publishOne(note: Note): Promise<void> | undefined {
    try {
      const event = this.#mapper.eventOf(note);
      if (event instanceof Promise) return this.#publishLater(event);
      this.#outlet.publish(event);
    } catch (error) {
      this.#drop(error);
    }
    return undefined;
  }

  async #publishLater(event: Promise<EventInput | undefined>): Promise<void> {
    try {
      const known = await event;
      if (known !== undefined) this.#outlet.publish(known);
    } catch (error) {
      this.#drop(error);
    }
  }

  #drop(error: unknown): void {
    this.#dropped.add();
    this.#foundation.logger.error("failed to create an event", { error });
  }

  /** Publishes progress, as long as there is any. */
  #scheduleProgress(): void {
    if (this.#isProgressScheduled) return;
    this.#isProgressScheduled = true;
    this.#foundation.timers.after(progressEveryMs, () => {
      void this.#publishProgress().finally(() => {
        this.#isProgressScheduled = false;
        if (this.#progress.size > 0 && !this.#isStopped) this.#scheduleProgress();
      });
    });
  }

  async #publishProgress(): Promise<void> {
    const nowMs = this.#foundation.clock.monotonic();
    // Events come before progress.
    if (this.#waiting.length > batchMax) return;
    for (const note of this.#progress.dequeueDue(nowMs, progressBatchMax))
      await this.#publishLater(this.#mapper.progressOf(note));
  }
}

function isRetry(note: NoteHead & { readonly kind: string }): note is RetryNote {
  return note.kind === "retry";
}

function notesOf(sources: readonly PublishedMachine[]): ReadonlyMap<MachineEvent<never>, NoteFactory> {
  const notes = new Map<MachineEvent<never>, NoteFactory>();
  for (const { machine, notes: byName } of sources)
    for (const event of machine.events) {
      const note = byName[event.type];
      if (note === undefined) continue;
      notes.set(event, (happening: Happening) =>
        note(happening.state as never, happening.body as never, happening),
      );
    }
  return notes;
}
