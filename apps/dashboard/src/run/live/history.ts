/**
 * The history of a run, loaded page by page and then kept up to date, with the states folded from it. Loaded events
 * are usable at once: the slider folds up to the last one.
 */
import type { EventFacts } from "@tutti/rest/history";
import type { TaskFacts } from "../model/facts.ts";
import { PastShape } from "../past/past-run.ts";
import { type Moment, PastStates } from "../past/past-states.ts";

interface HistoryPage {
  readonly events: readonly EventFacts[];
  /** True if more events may exist already. */
  readonly hasMore: boolean;
}

export type ReadPage = (afterEvent: number) => Promise<HistoryPage>;

export interface HistoryParts {
  readonly read: ReadPage;
  /** Calls once, after a moment: a run that changes all the time is not read on with every change. */
  readonly soon: (call: () => void) => void;
}

export class History {
  #events: EventFacts[] = [];
  #version = 0;
  #isLoading = false;
  #problem = "";
  #targetCount = 0;
  #past: { readonly states: PastStates; readonly shape: number; readonly length: number } | undefined;
  #isWaiting = false;
  readonly #read: ReadPage;
  readonly #soon: HistoryParts["soon"];
  readonly #listeners = new Set<() => void>();

  constructor({ read, soon }: HistoryParts) {
    this.#read = read;
    this.#soon = soon;
  }

  get events(): readonly EventFacts[] {
    return this.#events;
  }

  get version(): number {
    return this.#version;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Why it could not be loaded. Empty while it could. */
  get problem(): string {
    return this.#problem;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Loads as far as the run has come, soon where a part of it is known already. */
  keepUp(count: number): void {
    this.#targetCount = Math.max(this.#targetCount, count);
    if (this.#events.length === 0) {
      void this.loadTo(count);
      return;
    }
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#soon(() => {
      this.#isWaiting = false;
      void this.loadTo(this.#targetCount);
    });
  }

  /** Loads until the event with this number is available. Concurrent calls share one load. */
  async loadTo(count: number): Promise<void> {
    this.#targetCount = Math.max(this.#targetCount, count);
    if (this.#isLoading || this.#events.length >= this.#targetCount) return;
    this.#isLoading = true;
    this.#problem = "";
    this.#notify();
    try {
      while (this.#events.length < this.#targetCount) {
        const { events, hasMore } = await this.#read(this.#events.length);
        this.#events = [...this.#events, ...events];
        this.#notify();
        if (events.length === 0 || (!hasMore && this.#events.length >= this.#targetCount)) break;
      }
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isLoading = false;
      this.#notify();
    }
  }

  /** How the tasks stood after an event, folded here. Undefined where the history is not known so far. */
  momentAt(
    event: number,
    known: {
      readonly tasks: readonly TaskFacts[];
      readonly places: ReadonlyMap<string, number>;
      readonly shape: number;
      /** The run goes from state to state. */
      readonly isSequence: boolean;
    },
  ): Moment | undefined {
    if (event > this.#events.length) return undefined;
    const isCurrent = this.#past?.shape === known.shape && this.#past.length === this.#events.length;
    if (!isCurrent) {
      const states = new PastStates(new PastShape(known.tasks, known.places, known.isSequence), this.#events);
      this.#past = { states, shape: known.shape, length: this.#events.length };
    }
    return this.#past?.states.at(event);
  }

  #notify(): void {
    this.#version += 1;
    for (const listen of this.#listeners) listen();
  }
}
