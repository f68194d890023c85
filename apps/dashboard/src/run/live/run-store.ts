/**
 * The state of the page of one run, outside of React: the run and its tasks as the stream reports them, and a past
 * state when it is selected.
 *
 * 1. Reports are applied at once. Listeners are notified at most once per frame of the screen.
 * 2. `states` are the shown ones: of the selected moment, otherwise of the present.
 */
import type { RunFacts, TaskFacts } from "../model/facts.ts";
import { type NeedPlace, needPlaces } from "../model/needs.ts";
import type { RunState } from "../model/task-state.ts";
import { TaskTable } from "../model/task-table.ts";
import type { Moment } from "../past/past-states.ts";

export type StreamStatus = "connecting" | "live" | "ended" | "broken";

export interface ViewedMoment extends Moment {
  /** Number of the event after which it was so. */
  readonly event: number;
  readonly atMs: number;
  /** True if the platform sent them. False if they were folded in the browser. */
  readonly isExact: boolean;
}

export interface RunStoreParts {
  /** Calls once, soon: before the next picture. */
  readonly soon: (call: () => void) => void;
}

export class RunStore {
  readonly table = new TaskTable();
  #run: RunFacts | undefined;
  #streamStatus: StreamStatus = "connecting";
  #problem: { readonly code: string; readonly message: string } | undefined;
  #past: ViewedMoment | undefined;
  #version = 0;
  #statesVersion = 0;
  #needs: readonly (readonly NeedPlace[])[] = [];
  #needsOf = -1;
  #isNotifying = false;
  readonly #listeners = new Set<() => void>();
  readonly #soon: RunStoreParts["soon"];

  constructor({ soon }: RunStoreParts) {
    this.#soon = soon;
  }

  get run(): RunFacts | undefined {
    return this.#run;
  }

  get streamStatus(): StreamStatus {
    return this.#streamStatus;
  }

  get problem(): { readonly code: string; readonly message: string } | undefined {
    return this.#problem;
  }

  get past(): ViewedMoment | undefined {
    return this.#past;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Grows when states are other than they were shown. */
  get statesVersion(): number {
    return this.#statesVersion;
  }

  get states(): Uint8Array {
    return this.#past?.states ?? this.table.states;
  }

  get runState(): RunState | undefined {
    return this.#past?.run ?? this.#run?.state;
  }

  get needs(): readonly (readonly NeedPlace[])[] {
    if (this.#needsOf !== this.table.shape) {
      this.#needs = needPlaces(this.table.tasks, this.table.places);
      this.#needsOf = this.table.shape;
    }
    return this.#needs;
  }

  stateAt(place: number): number {
    return this.#past === undefined ? this.table.stateAt(place) : (this.#past.states[place] ?? 0);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes in an update of the run: a snapshot, or the changes since the last one. */
  apply(update: {
    readonly run?: RunFacts | undefined;
    readonly tasks: readonly TaskFacts[];
    readonly removed: readonly string[];
    readonly isComplete: boolean;
  }): void {
    if (update.run !== undefined) this.#run = update.run;
    if (update.isComplete) this.table.replace(update.tasks);
    else this.table.patch(update.tasks, update.removed);
    this.#statesVersion += 1;
    this.#changed();
  }

  setStreamStatus(status: StreamStatus, problem?: { readonly code: string; readonly message: string }): void {
    if (status === this.#streamStatus && problem === this.#problem) return;
    this.#streamStatus = status;
    this.#problem = problem;
    this.#changed();
  }

  /** Undefined: the present. */
  showPast(past: ViewedMoment | undefined): void {
    if (past === undefined && this.#past === undefined) return;
    this.#past = past;
    this.#statesVersion += 1;
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    this.#soon(() => {
      this.#isNotifying = false;
      for (const listen of this.#listeners) listen();
    });
  }
}
