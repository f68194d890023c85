/**
 * States of the tasks of a run, folded from its history in the browser. It follows the rules of the engine as far as
 * the history shows them. If a rule depends on the plan, the server's state replaces it when the slider is released.
 *
 * 1. A task without events has no state of its own: it is pending, skipped when a need of it cannot be met any more,
 *    and cancelled when no view waits for it.
 * 2. Copies are cheap, so a moment in the middle of a long history is folded from the copy before it.
 */
import type { TaskFacts } from "../model/facts.ts";
import { type NeedPlace, needPlaces, surroundings } from "../model/needs.ts";
import { absent, numberOfState, type TaskState } from "../model/task-state.ts";

const pending = numberOfState("pending");
const waiting = numberOfState("waiting");
const completed = numberOfState("completed");
const failed = numberOfState("failed");
const skipped = numberOfState("skipped");
const cancelled = numberOfState("cancelled");

const endedNumbers: ReadonlySet<number> = new Set(
  (["completed", "failed", "skipped", "cancelled", "compensated"] satisfies TaskState[]).map(numberOfState),
);

export type PastPhase = "waiting" | "going" | "undoing" | "ended";

/** Constant over the whole history: the tasks and their needs. */
export class PastShape {
  /** The run goes from state to state: tasks come to be as it does. */
  readonly isSequence: boolean;
  readonly tasks: readonly TaskFacts[];
  readonly placeOf: ReadonlyMap<string, number>;
  readonly needs: readonly (readonly NeedPlace[])[];
  readonly dependents: readonly (readonly NeedPlace[])[];
  /** Places of the parts of a task, by its id. The tasks of the run itself under the empty one. */
  readonly parts: ReadonlyMap<string, readonly number[]>;
  /** Indexes of tasks that were created together with a task: one round, one list of actions. */
  readonly #together = new Map<string, number[]>();

  constructor(tasks: readonly TaskFacts[], placeOf: ReadonlyMap<string, number>, isSequence = false) {
    this.isSequence = isSequence;
    this.tasks = tasks;
    this.placeOf = placeOf;
    this.needs = needPlaces(tasks, placeOf);
    const dependents: NeedPlace[][] = tasks.map(() => []);
    for (const [place, needs] of this.needs.entries())
      for (const need of needs) dependents[need.place]?.push({ place, condition: need.condition });
    this.dependents = dependents;
    const parts = new Map<string, number[]>();
    for (const [place, task] of tasks.entries()) {
      add(parts, task.parentId, place);
      add(this.#together, keyOf(task), place);
    }
    this.parts = parts;
  }

  place(id: string): number | undefined {
    return this.placeOf.get(id);
  }

  together(place: number): readonly number[] {
    if (this.isSequence) return [place];
    const task = this.tasks[place];
    return task === undefined ? [] : (this.#together.get(keyOf(task)) ?? []);
  }
}

function add(lists: Map<string, number[]>, key: string, place: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [place]);
  else list.push(place);
}

function keyOf(task: TaskFacts): string {
  return `${task.parentId}\n${surroundings(task).join("\n")}`;
}

export class PastRun {
  readonly shape: PastShape;
  phase: PastPhase = "waiting";
  isPaused = false;
  /** The final state. */
  ending = "";
  /** By index: the task's own state, 0 without events. */
  readonly #own: Uint8Array;
  readonly #isThere: Uint8Array;
  /** A need of it cannot be met any more. */
  readonly #isUnmet: Uint8Array;
  /** No view waits for it any more. */
  readonly #isDropped: Uint8Array;
  /** How skipped tasks count for the tasks that need them. */
  readonly #countsAs: Map<number, "completed" | "passed">;

  constructor(shape: PastShape, from?: PastRun) {
    this.shape = shape;
    const size = shape.tasks.length;
    this.#own = from === undefined ? new Uint8Array(size) : from.#own.slice();
    this.#isThere = from === undefined ? new Uint8Array(size) : from.#isThere.slice();
    this.#isUnmet = from === undefined ? new Uint8Array(size) : from.#isUnmet.slice();
    this.#isDropped = from === undefined ? new Uint8Array(size) : from.#isDropped.slice();
    this.#countsAs = new Map(from === undefined ? [] : from.#countsAs);
    if (from === undefined) return;
    this.phase = from.phase;
    this.isPaused = from.isPaused;
    this.ending = from.ending;
  }

  copy(): PastRun {
    return new PastRun(this.shape, this);
  }

  /** By place. 0 where a task is not there yet. */
  states(): Uint8Array {
    const states = new Uint8Array(this.#own.length);
    for (let place = 0; place < states.length; place++) states[place] = this.stateAt(place);
    return states;
  }

  stateAt(place: number): number {
    if (this.#isThere[place] === 0) return absent;
    const own = this.#own[place] ?? absent;
    if (own !== absent) return own;
    if (this.#isUnmet[place] === 1) return skipped;
    const isOver = this.phase === "undoing" || this.phase === "ended" || this.#isDropped[place] === 1;
    return isOver ? cancelled : pending;
  }

  /** The tasks of the next list of actions: the first that is not there yet, with those that follow from it. */
  activateNext(): void {
    const first = this.#isThere.indexOf(0);
    if (first < 0) return;
    const next = [first];
    for (let place = first + 1; place < this.#isThere.length; place++) {
      const needs = this.shape.needs[place] ?? [];
      if (!needs.some((need) => next.includes(need.place))) break;
      next.push(place);
    }
    this.activate(next);
  }

  /** They come to be, or again: nothing has happened to them. */
  activate(places: readonly number[]): void {
    for (const place of places) {
      this.#isThere[place] = 1;
      this.#own[place] = absent;
      this.#isDropped[place] = 0;
      this.#isUnmet[place] = 0;
    }
    // Needs that have ended are applied at once.
    for (const place of places)
      for (const { place: needed, condition } of this.shape.needs[place] ?? [])
        if (this.#hasEnded(needed) && !isMet(condition, this.#endOf(needed))) this.#skip(place);
  }

  set(place: number, state: number): void {
    if (this.#isThere[place] === 0) this.activate(this.shape.together(place));
    this.#own[place] = state;
  }

  /** Sets the outcome of a task, and tells the tasks that need it. */
  finish(place: number, state: number, countsAs?: "completed" | "passed"): void {
    this.set(place, state);
    if (countsAs === undefined) this.#countsAs.delete(place);
    else this.#countsAs.set(place, countsAs);
    this.#follow(place);
  }

  /** Each of these that has not ended is stopped. */
  drop(places: readonly number[]): void {
    for (const place of places) {
      if (this.#isThere[place] === 0) continue;
      this.#isDropped[place] = 1;
      this.dropPartsOf(place);
      const own = this.#own[place] ?? absent;
      if (own !== absent && !endedNumbers.has(own)) this.#own[place] = cancelled;
    }
  }

  dropPartsOf(place: number): void {
    const parts = this.shape.parts.get(this.shape.tasks[place]?.id ?? "");
    if (parts !== undefined && this.shape.tasks[place]?.id !== "") this.drop(parts);
  }

  dropAll(): void {
    this.drop(this.shape.parts.get("") ?? []);
  }

  hasEnded(place: number): boolean {
    return this.#hasEnded(place);
  }

  /** They and all that rests on them are done again. */
  reopen(places: readonly number[]): void {
    const named = new Set(places);
    const reopened = this.#closureOf(places);
    const lists = [...named].filter((place) => this.#keepsEntries(place) && !this.#restsOn(place, reopened));
    for (const place of reopened) {
      for (const sibling of this.shape.together(place)) this.#isDropped[sibling] = 0;
      if (lists.includes(place)) continue;
      this.#reset(place);
    }
    for (const list of lists) this.#reopenList(list);
    for (const place of reopened) {
      if (lists.includes(place)) continue;
      this.#isUnmet[place] = 0;
    }
    for (const place of reopened)
      for (const { place: needed, condition } of this.shape.needs[place] ?? [])
        if (!reopened.has(needed) && this.#hasEnded(needed) && !isMet(condition, this.#endOf(needed)))
          this.#skip(place);
  }

  /** A part of the work was not good enough: the task that counts the rounds is repeated as well. */
  sendBack(target: number, holder: number): void {
    this.reopen(this.#closureOf([target]).has(holder) ? [target] : [target, holder]);
  }

  #keepsEntries(place: number): boolean {
    const id = this.shape.tasks[place]?.id ?? "";
    const [first] = this.shape.parts.get(id) ?? [];
    const isList =
      first !== undefined && this.#isThere[first] === 1 && this.shape.tasks[first]?.id === `${id}[0]`;
    return isList && this.#own[place] !== completed;
  }

  #restsOn(place: number, reopened: ReadonlySet<number>): boolean {
    return (this.shape.needs[place] ?? []).some((need) => reopened.has(need.place));
  }

  #reset(place: number): void {
    const own = this.#own[place] ?? absent;
    this.dropPartsOf(place);
    this.#countsAs.delete(place);
    if (own !== absent) this.#own[place] = pending;
  }

  #reopenList(place: number): void {
    this.#own[place] = waiting;
    for (const entry of this.shape.parts.get(this.shape.tasks[place]?.id ?? "") ?? []) {
      this.#isDropped[entry] = 0;
      const own = this.#own[entry] ?? absent;
      if (own !== absent && own !== completed && own !== skipped) this.#reset(entry);
    }
  }

  #closureOf(places: readonly number[]): Set<number> {
    const found = new Set<number>();
    const open = [...places];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (found.has(place)) continue;
      found.add(place);
      for (const { place: next } of this.shape.dependents[place] ?? [])
        if (this.#isThere[next] === 1) open.push(next);
    }
    return found;
  }

  #hasEnded(place: number): boolean {
    return endedNumbers.has(this.stateAt(place));
  }

  #endOf(place: number): End {
    const state = this.stateAt(place);
    if (state === completed) return "completed";
    if (state === failed) return "failed";
    return this.#countsAs.get(place) ?? "skipped";
  }

  #follow(place: number): void {
    const end = this.#endOf(place);
    for (const { place: next, condition } of this.shape.dependents[place] ?? [])
      if (this.#isThere[next] === 1 && !isMet(condition, end)) this.#skip(next);
  }

  /** Without recursion: a chain may be as long as a run. */
  #skip(first: number): void {
    const open = [first];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (this.stateAt(place) !== pending || this.#isUnmet[place] === 1) continue;
      this.#isUnmet[place] = 1;
      if (this.#own[place] !== absent) this.#own[place] = skipped;
      for (const { place: next, condition } of this.shape.dependents[place] ?? [])
        if (this.#isThere[next] === 1 && !isMet(condition, "skipped")) open.push(next);
    }
  }
}

/** `passed`: skipped by its own condition. */
type End = "completed" | "failed" | "passed" | "skipped";

function isMet(condition: NeedPlace["condition"], end: End): boolean {
  if (condition === "always") return true;
  if (condition === "failure") return end === "failed";
  return end === "completed" || (condition === "done" && end === "passed");
}
