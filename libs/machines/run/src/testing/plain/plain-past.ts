/**
 * The past of a run, and the state of the interpreter after each of its events. The interpreter computes all
 * effects of a moment at once. Events report them one after the other. If the order is open, the interpreter
 * receives the actual order afterwards, and repeats the moment.
 */
import type { Seen } from "./moment-of.ts";
import type { Hints, Moment, SignalTaken } from "./moments.ts";
import { type PlainOrder, PlainRun } from "./plain-run.ts";

/** A reset of the run to an event. */
interface TakenBack {
  readonly toEvent: number;
  readonly hadEnded: boolean;
}

interface Noted {
  readonly event: number;
  readonly moment: Moment | TakenBack | "start";
  readonly atMs: number;
  /** Signals that were consumed by waits that started then, and are no longer running. */
  readonly taken: readonly (SignalTaken & { readonly event: number })[];
  /** Whether the order of ends matters. */
  readonly isOrdered: boolean;
}

const unheard = { taken: [], isOrdered: false };

export class PlainPast {
  readonly #order: PlainOrder;
  /** Moments and resets, with the number of the event before them. */
  readonly #moments: Noted[] = [{ event: 0, moment: "start", atMs: 0, ...unheard }];
  readonly #seen: Pick<Seen, "type" | "taskId">[] = [];

  constructor(order: PlainOrder) {
    this.#order = order;
  }

  /** Number of events that it has seen. */
  get events(): number {
    return this.#seen.length;
  }

  see({ type, taskId }: Seen): void {
    this.#seen.push({ type, taskId });
  }

  /** Records a moment that the last event reports. */
  note(moment: Moment | TakenBack, atMs = 0): void {
    this.#moments.push({ event: this.events, moment, atMs, ...unheard });
  }

  /**
   * Returns the events that a reset may name: any event, or the last ones of steps if the run has limits.
   * Tasks that wait for limits do not change, while the interpreter continues.
   */
  ends(): readonly number[] {
    if ((this.#order.document.limits ?? []).length === 0)
      return Array.from({ length: this.events }, (_, index) => index + 1);
    const begun = this.#moments.filter(beginsStep).map(({ event }) => event - 1);
    return [...begun.filter((event) => event > 0), this.events];
  }

  /**
   * Repeats the last moment with a signal that a wait consumed when it started. Later starts in the same
   * moment may end that wait. Undefined if the interpreter does not agree.
   */
  withSignalTaken({ taskId, number }: SignalTaken): PlainRun | undefined {
    const place = this.#moments.length - 1;
    const { taken = [] } = this.#moments[place] ?? {};
    const one = { taskId, number, event: this.events };
    return this.#with(place, { taken: [...taken, one] }, ({ work }) => work.taken.length === 0);
  }

  /**
   * Repeats a moment with an end in its order. Work that ended while the run was paused causes further ends
   * when the run continues, and sends work back. Their order is open, and the first may exclude the others.
   * Undefined if the interpreter does not agree.
   */
  withEnd(id: string, code: string): PlainRun | undefined {
    const began = Math.max(0, this.#moments.findLastIndex(beginsStep));
    for (let place = this.#moments.length - 1; place >= began; place--) {
      const plain = this.#with(place, { isOrdered: true }, ({ endings }) => endings.get(id) === code);
      if (plain !== undefined) return plain;
    }
    return undefined;
  }

  #with(place: number, heard: Partial<Noted>, agrees: (plain: PlainRun) => boolean): PlainRun | undefined {
    const noted = this.#moments[place];
    if (noted === undefined) return undefined;
    this.#moments[place] = { ...noted, ...heard };
    const plain = this.at(this.events);
    if (agrees(plain)) return plain;
    this.#moments[place] = noted;
    return undefined;
  }

  /**
   * Returns the interpreter after an event, which may itself be a reset.
   *
   * @param later consequences of a later reset to this event
   */
  at(event: number, { taken: later = [], order: laterOrder = [] }: Hints = {}): PlainRun {
    const past = this.#moments.filter((each) => each.event <= event);
    const hintsOf = (noted: Noted): Hints => {
      const taken = noted.taken.filter((one) => one.event <= event);
      const order = noted.isOrdered ? this.#endsBetween(noted.event, event) : [];
      if (noted !== past.at(-1)) return { taken, order };
      const cutOff = this.#cutOff(noted, event);
      return { taken: [...taken, ...later], order: [...order, ...laterOrder], ...cutOff };
    };
    const place = past.findLastIndex(({ moment }) => moment === "start" || "toEvent" in moment);
    const [first, ...moments] = past.slice(place);
    const plain = first === undefined ? new PlainRun(this.#order) : this.#begun(first, hintsOf(first));
    for (const noted of moments)
      if (noted.moment !== "start" && "kind" in noted.moment)
        plain.take(noted.moment, noted.atMs, hintsOf(noted));
    return plain;
  }

  #begun({ moment }: Noted, hints: Hints): PlainRun {
    if (moment === "start" || "kind" in moment) return new PlainRun(this.#order, hints);
    const { taken = [], order = [] } = hints;
    const plain = this.at(moment.toEvent, { taken, order });
    if (moment.hadEnded) plain.waitAgain();
    plain.goOnAgain({ ...hints, taken: plain.work.taken });
    return plain;
  }

  #endsBetween(from: number, to: number): string[] {
    return this.#seen.slice(from, to).flatMap(({ type, taskId }) => (ends.has(type) ? [taskId] : []));
  }

  /** Returns how far a moment had come at an event that may be in the middle of it. */
  #cutOff({ event: from }: Noted, to: number): Hints {
    const seen = this.#seen.slice(from, to);
    const types = seen.map(({ type }) => type);
    const hints = this.#resumed(from, to);
    // Without a failure, the event may be in the middle of its transitions.
    const isOver = types.includes("run_failed") || types.includes("run_stopped");
    if (isOver || to === this.events) return hints;
    return { ...hints, transitionsMost: types.filter((type) => type === "transition_taken").length };
  }

  /** Returns the tasks that had resumed. A run resumes first, and then the tasks that waited for a person. */
  #resumed(from: number, to: number): Hints {
    if (this.#seen[from - 1]?.type !== "run_resumed" || this.#seen[to]?.type !== "task_resumed") return {};
    return { resumed: this.#seen.slice(from, to).map(({ taskId }) => taskId) };
  }
}

const ends: ReadonlySet<string> = new Set(["task_completed", "task_failed", "work_sent_back"]);

/** Returns whether a moment starts a step. Consequences of a start belong to the step of that start. */
function beginsStep({ moment }: Noted): boolean {
  const kind = typeof moment === "object" && "kind" in moment ? moment.kind : "";
  return kind !== "child asked" && kind !== "signal taken";
}
