/**
 * The past of a run, and the state of the interpreter after each of its events. The interpreter computes all
 * effects of a moment at once. Events report them one after the other. If the order is open, the interpreter
 * receives the actual order afterwards, and repeats the moment.
 */
import type { ObservedEvent } from "./moment-of.ts";
import type { ConsumedSignal, Hints, Moment } from "./moments.ts";
import { type PlainOrder, PlainRun } from "./plain-run.ts";

/** A reset of the run to an event. */
interface Reset {
  readonly toEvent: number;
  readonly hadEnded: boolean;
}

interface RecordedMoment {
  readonly event: number;
  readonly moment: Moment | Reset | "start";
  readonly atMs: number;
  /** Signals that were consumed by waits that started then, and are no longer running. */
  readonly consumed: readonly (ConsumedSignal & { readonly event: number })[];
  /** Whether the order of ends matters. */
  readonly isOrdered: boolean;
}

const noHints = { consumed: [], isOrdered: false };

export class PlainPast {
  readonly #order: PlainOrder;
  /** Moments and resets, with the number of the event before them. */
  readonly #moments: RecordedMoment[] = [{ event: 0, moment: "start", atMs: 0, ...noHints }];
  readonly #observed: Pick<ObservedEvent, "type" | "taskId">[] = [];

  constructor(order: PlainOrder) {
    this.#order = order;
  }

  /** Number of events that it has seen. */
  get events(): number {
    return this.#observed.length;
  }

  observe({ type, taskId }: ObservedEvent): void {
    this.#observed.push({ type, taskId });
  }

  /** Records a moment that the last event reports. */
  record(moment: Moment | Reset, atMs = 0): void {
    this.#moments.push({ event: this.events, moment, atMs, ...noHints });
  }

  /**
   * Returns the events that a reset may name: any event, or the last ones of steps if the run has limits.
   * Tasks that wait for limits do not change, while the interpreter continues.
   */
  ends(): readonly number[] {
    if ((this.#order.document.limits ?? []).length === 0)
      return Array.from({ length: this.events }, (_, index) => index + 1);
    const started = this.#moments.filter(startsStep).map(({ event }) => event - 1);
    return [...started.filter((event) => event > 0), this.events];
  }

  /**
   * Repeats the last moment with a signal that a wait consumed when it started. Later starts in the same
   * moment may end that wait. Undefined if the interpreter does not agree.
   */
  withConsumedSignal({ taskId, number }: ConsumedSignal): PlainRun | undefined {
    const place = this.#moments.length - 1;
    const { consumed = [] } = this.#moments[place] ?? {};
    const signal = { taskId, number, event: this.events };
    return this.#with(place, { consumed: [...consumed, signal] }, ({ work }) => work.consumed.length === 0);
  }

  /**
   * Repeats a moment with an end in its order. Work that ended while the run was paused causes further ends
   * when the run continues, and sends work back. Their order is open, and the first may exclude the others.
   * Undefined if the interpreter does not agree.
   */
  withEnd(id: string, code: string): PlainRun | undefined {
    const stepStart = Math.max(0, this.#moments.findLastIndex(startsStep));
    for (let place = this.#moments.length - 1; place >= stepStart; place--) {
      const plain = this.#with(place, { isOrdered: true }, ({ endings }) => endings.get(id) === code);
      if (plain !== undefined) return plain;
    }
    return undefined;
  }

  #with(
    place: number,
    changes: Partial<RecordedMoment>,
    agrees: (plain: PlainRun) => boolean,
  ): PlainRun | undefined {
    const recorded = this.#moments[place];
    if (recorded === undefined) return undefined;
    this.#moments[place] = { ...recorded, ...changes };
    const plain = this.at(this.events);
    if (agrees(plain)) return plain;
    this.#moments[place] = recorded;
    return undefined;
  }

  /**
   * Returns the interpreter after an event, which may itself be a reset.
   *
   * @param later consequences of a later reset to this event
   */
  at(event: number, { consumed: later = [], order: laterOrder = [] }: Hints = {}): PlainRun {
    const past = this.#moments.filter((each) => each.event <= event);
    const hintsOf = (recorded: RecordedMoment): Hints => {
      const consumed = recorded.consumed.filter((signal) => signal.event <= event);
      const order = recorded.isOrdered ? this.#endsBetween(recorded.event, event) : [];
      if (recorded !== past.at(-1)) return { consumed, order };
      const cutOff = this.#cutOff(recorded, event);
      return { consumed: [...consumed, ...later], order: [...order, ...laterOrder], ...cutOff };
    };
    const place = past.findLastIndex(({ moment }) => moment === "start" || "toEvent" in moment);
    const [first, ...moments] = past.slice(place);
    const plain = first === undefined ? new PlainRun(this.#order) : this.#startedRun(first, hintsOf(first));
    for (const recorded of moments)
      if (recorded.moment !== "start" && "kind" in recorded.moment)
        plain.apply(recorded.moment, recorded.atMs, hintsOf(recorded));
    return plain;
  }

  #startedRun({ moment }: RecordedMoment, hints: Hints): PlainRun {
    if (moment === "start" || "kind" in moment) return new PlainRun(this.#order, hints);
    const { consumed = [], order = [] } = hints;
    const plain = this.at(moment.toEvent, { consumed, order });
    if (moment.hadEnded) plain.awaitLimits();
    plain.resumeAfterReset({ ...hints, consumed: plain.work.consumed });
    return plain;
  }

  #endsBetween(from: number, to: number): string[] {
    return this.#observed.slice(from, to).flatMap(({ type, taskId }) => (ends.has(type) ? [taskId] : []));
  }

  /** Returns how far a moment had come at an event that may be in the middle of it. */
  #cutOff({ event: from }: RecordedMoment, to: number): Hints {
    const observed = this.#observed.slice(from, to);
    const types = observed.map(({ type }) => type);
    const hints = this.#resumed(from, to);
    // Without a failure, the event may be in the middle of its transitions.
    const isOver = types.includes("run_failed") || types.includes("run_stopped");
    if (isOver || to === this.events) return hints;
    return { ...hints, transitionsMost: types.filter((type) => type === "transition_taken").length };
  }

  /** Returns the tasks that had resumed. A run resumes first, and then the tasks that waited for a person. */
  #resumed(from: number, to: number): Hints {
    if (this.#observed[from - 1]?.type !== "run_resumed" || this.#observed[to]?.type !== "task_resumed")
      return {};
    return { resumed: this.#observed.slice(from, to).map(({ taskId }) => taskId) };
  }
}

const ends: ReadonlySet<string> = new Set(["task_completed", "task_failed", "work_sent_back"]);

/** Returns whether a moment starts a step. Consequences of a start belong to the step of that start. */
function startsStep({ moment }: RecordedMoment): boolean {
  const kind = typeof moment === "object" && "kind" in moment ? moment.kind : "";
  return kind !== "child asked" && kind !== "signal taken";
}
