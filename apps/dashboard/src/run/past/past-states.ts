/**
 * Returns the states at any moment of a history: copies are stored along the way, and the rest is folded from the
 * copy before.
 */
import type { EventFacts } from "@tutti/rest/history";
import type { RunState } from "../model/task-state.ts";
import { foldEvent } from "./fold-event.ts";
import { PastRun, type PastShape } from "./past-run.ts";

/** Events between two copies, at least. */
const between = 64;
/** A long history does not fill the memory. */
const copiesMax = 128;

export interface Moment {
  /** By place. 0 where a task is not there yet. */
  readonly states: Uint8Array;
  readonly run: RunState;
}

export class PastStates {
  readonly #events: readonly EventFacts[];
  readonly #step: number;
  readonly #copies: PastRun[];

  constructor(shape: PastShape, events: readonly EventFacts[]) {
    this.#events = events;
    this.#step = Math.max(between, Math.ceil(events.length / copiesMax));
    this.#copies = [new PastRun(shape)];
  }

  /** After the event with this number. 0 is before all of them. */
  at(number: number): Moment {
    const run = this.#runAt(Math.min(Math.max(0, number), this.#events.length));
    return { states: run.states(), run: runStateOf(run) };
  }

  #runAt(number: number): PastRun {
    const copyIndex = Math.floor(number / this.#step);
    while (this.#copies.length <= copyIndex) {
      const last = this.#copies.length - 1;
      const from = this.#copies[last] as PastRun;
      this.#copies.push(this.#foldTo(from.copy(), last * this.#step, (last + 1) * this.#step));
    }
    const from = this.#copies[copyIndex] as PastRun;
    return this.#foldTo(from.copy(), copyIndex * this.#step, number);
  }

  #foldTo(run: PastRun, from: number, to: number): PastRun {
    let now = run;
    for (let place = from; place < to; place++) {
      const event = this.#events[place];
      if (event === undefined) break;
      if (event.type === "run_reset") now = this.#runAt(Number(event.details["toEvent"] ?? 0));
      else foldEvent(now, event);
    }
    return now;
  }
}

function runStateOf({ phase, isPaused, ending }: PastRun): RunState {
  if (phase === "ended") return (ending === "" ? "failed" : ending) as RunState;
  if (phase === "undoing") return ending === "cancelled" ? "cancelling" : "running";
  if (isPaused) return "paused";
  return phase === "waiting" ? "pending" : "running";
}
