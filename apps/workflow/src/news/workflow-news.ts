/**
 * Tells the bus what happens to definitions, runs, schedules and limits.
 *
 * 1. What is told is durable, and told in order for each of them.
 * 2. Nobody who decides waits for it: making an event takes a multiple of the time of what it tells of, so it is done
 *    later and at most so many a second. A burst waits its turn; what does not fit behind it is left out and counted.
 * 3. The process that owns a partition tells of it. What happened right before one died is told again by the next: an
 *    event's id is the same then, and the bus does not deliver it twice.
 */
import { type Bus, EventOutlet } from "@tutti/bus";
import type { Component, CounterCell, Foundation, Health, MachineEvent } from "@tutti/kernel";
import { showApprovals, showRun } from "@tutti/machine-run";
import type { Happening, RuntimeOfService, TakeNote, Witness } from "@tutti/runtime";
import { eventOf, type News, type Note, type NoteHead, type NoteOf, type QuestionAsked } from "./note.ts";
import { ProgressBook } from "./progress-book.ts";

/** A machine, and what is told of its events by their names. */
export interface Told {
  readonly machine: { readonly events: readonly MachineEvent<never>[] };
  readonly notes: Readonly<Record<string, NoteOf<never, never>>>;
}

export interface NewsOptions {
  /** Events that may be made at once, and how many more a second. */
  readonly burst: number;
  readonly perSec: number;
  /** What may wait. */
  readonly waitingMax: number;
}

const defaults: NewsOptions = { burst: 2_000, perSec: 2_000, waitingMax: 50_000 };
/** What happens together is told together. */
const gatherMs = 1;
/** As long as more waits than may be told. */
const crowdedMs = 10;
const atOnceMax = 100;
const progressEveryMs = 100;
const progressAtOnceMax = 20;
const approvalsMax = 1_000;

export class WorkflowNews implements Witness, Component {
  readonly notes: ReadonlyMap<MachineEvent<never>, TakeNote>;
  readonly #outlet: EventOutlet;
  readonly #foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly #options: NewsOptions;
  readonly #leftOut: CounterCell;
  readonly #progress = new ProgressBook();
  #runtime: Pick<RuntimeOfService, "ask"> | undefined;
  #waiting: (News | QuestionAsked)[] = [];
  #telling: Promise<void> | undefined;
  #isStopped = false;
  #isLooking = false;
  #allowed: number;
  #allowedMs: number;

  constructor(
    { bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation },
    told: readonly Told[],
    options: Partial<NewsOptions> = {},
  ) {
    this.#options = { ...defaults, ...options };
    this.#foundation = foundation;
    this.#outlet = new EventOutlet(bus, foundation);
    this.#allowed = this.#options.burst;
    this.#allowedMs = foundation.clock.monotonic();
    this.#leftOut = foundation.metrics
      .counter({
        name: "tutti_workflow_events_left_out_total",
        help: "Events of runs and the like that were not told, because too many waited to be.",
      })
      .with({});
    this.notes = notesOf(told);
  }

  /** Some of what is told is asked of the runtime, which needs this to begin with. */
  begin(runtime: Pick<RuntimeOfService, "ask">): void {
    this.#runtime = runtime;
  }

  tell(notes: readonly unknown[]): void {
    const nowMs = this.#foundation.clock.monotonic();
    for (const note of notes) {
      if (note instanceof Error)
        this.#foundation.logger.error("what happened could not be noted", { error: note });
      else if (Array.isArray(note)) for (const one of note as readonly Note[]) this.#take(one, nowMs);
      else this.#take(note as Note, nowMs);
    }
  }

  /** All that waits is told, however many it is. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#allowed = Number.POSITIVE_INFINITY;
    await this.#telling;
    await this.#tellAll();
    await this.#outlet.drain(signal);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#outlet.stop();
  }

  health(): Health {
    return this.#outlet.health();
  }

  #take(note: Note, nowMs: number): void {
    if (!("kind" in note)) {
      this.#progress.moved(note, nowMs);
      this.#look();
      return;
    }
    if (note.kind === "news" && ends.has(note.type)) this.#progress.ended(note.key);
    if (this.#waiting.length >= this.#options.waitingMax) {
      this.#leftOut.add();
      return;
    }
    this.#waiting.push(note);
    if (this.#telling === undefined) this.#later(gatherMs);
  }

  #later(delayMs: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#telling = promise;
    this.#foundation.timers.after(delayMs, () => {
      this.#tellSome()
        .catch((error: unknown) => this.#foundation.logger.error("events could not be told", { error }))
        .finally(() => {
          this.#telling = undefined;
          resolve();
          if (this.#waiting.length > 0 && !this.#isStopped) this.#later(crowdedMs);
        });
    });
  }

  async #tellSome(): Promise<void> {
    const most = Math.min(atOnceMax, this.#allowance());
    for (const note of this.#waiting.splice(0, most)) await this.#tellOne(note);
  }

  async #tellAll(): Promise<void> {
    for (const note of this.#waiting.splice(0)) await this.#tellOne(note);
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

  #tellOne(note: News | QuestionAsked): Promise<void> | undefined {
    if (note.kind === "question") return this.#tellQuestion(note);
    this.#outlet.tell(eventOf(note));
    return undefined;
  }

  async #tellQuestion({ approvalId, ...head }: QuestionAsked): Promise<void> {
    const { namespace, id } = head.key;
    const body = { from: 0, size: approvalsMax };
    const shown = await this.#ask(() => this.#runtime?.ask({ key: head.key, query: showApprovals, body }));
    const found = shown !== undefined && "approvals" in shown ? shown.approvals : [];
    const approval = found.find((one) => one.approvalId === approvalId);
    const about = approval?.about ?? { namespace, kind: "run", id, task: "" };
    const { title = "", deciders = [], expireTime } = approval ?? {};
    const question = { approvalId, about, title, deciders: [...deciders], expireTime };
    this.#outlet.tell(eventOf({ ...head, type: "tutti.workflow.approval.requested", body: question }));
  }

  /** Looks after runs that move, as long as there are any. */
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#foundation.timers.after(progressEveryMs, () => {
      void this.#tellProgress().finally(() => {
        this.#isLooking = false;
        if (this.#progress.size > 0 && !this.#isStopped) this.#look();
      });
    });
  }

  async #tellProgress(): Promise<void> {
    const nowMs = this.#foundation.clock.monotonic();
    // What happened comes before how far it is.
    if (this.#waiting.length > atOnceMax) return;
    for (const note of this.#progress.take(nowMs, progressAtOnceMax)) await this.#tellOneProgress(note);
  }

  async #tellOneProgress({ key, event, timeMs, cause }: NoteHead): Promise<void> {
    const body = { withPayloads: false };
    const run = await this.#ask(() => this.#runtime?.ask({ key, query: showRun, body }));
    if (run === undefined || !("tasks" in run) || run.endTime !== undefined) return;
    const { total = 0, completed = 0, skipped = 0, failed = 0, running = 0 } = run.tasks ?? {};
    const counts = {
      ...{ tasksTotal: total, tasksCompleted: completed + skipped },
      ...{ tasksFailed: failed, tasksRunning: running },
    };
    this.#outlet.tell(
      eventOf({ key, event, timeMs, cause, type: "tutti.workflow.run.progressed", body: counts }),
    );
  }

  /** Undefined where the partition has gone elsewhere: its new owner tells of what comes. */
  async #ask<T>(question: () => Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      this.#foundation.logger.debug("what is to be told could not be asked for", { error });
      return undefined;
    }
  }
}

function notesOf(told: readonly Told[]): ReadonlyMap<MachineEvent<never>, TakeNote> {
  const notes = new Map<MachineEvent<never>, TakeNote>();
  for (const { machine, notes: byName } of told)
    for (const event of machine.events) {
      const note = byName[event.type];
      if (note === undefined) continue;
      notes.set(event, (happening: Happening) =>
        note(happening.state as never, happening.body as never, happening),
      );
    }
  return notes;
}

const ends: ReadonlySet<string> = new Set(
  ["completed", "failed", "cancelled", "terminated", "continued"].map((end) => `tutti.workflow.run.${end}`),
);
