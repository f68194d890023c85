/**
 * All tasks of a run in the order in which they became known, patched by updates.
 *
 * 1. A task keeps its place until a reset takes it away.
 * 2. `shape` grows when tasks come or go, or need others than before. `version` with every change.
 * 3. `states` is the same list for ever: a view of thousands of tasks reads numbers, not objects.
 */
import type { TaskFacts } from "./facts.ts";
import { numberOfState } from "./task-state.ts";

export class TaskTable {
  #tasks: TaskFacts[] = [];
  #places = new Map<string, number>();
  #states = new Uint8Array(256);
  #shape = 0;
  #version = 0;

  get shape(): number {
    return this.#shape;
  }

  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#tasks.length;
  }

  get tasks(): readonly TaskFacts[] {
    return this.#tasks;
  }

  get places(): ReadonlyMap<string, number> {
    return this.#places;
  }

  /** By place. */
  get states(): Uint8Array {
    return this.#states.subarray(0, this.#tasks.length);
  }

  /** As one of thousands, without making a list of all. */
  stateAt(place: number): number {
    return place < this.#tasks.length ? (this.#states[place] ?? 0) : 0;
  }

  task(id: string): TaskFacts | undefined {
    return this.#tasks[this.#places.get(id) ?? -1];
  }

  /** Replaces all tasks by those of a snapshot. */
  replace(tasks: readonly TaskFacts[]): void {
    this.#tasks = [];
    this.#places = new Map();
    this.#shape += 1;
    this.patch(tasks, []);
  }

  patch(changed: readonly TaskFacts[], removed: readonly string[]): void {
    if (removed.length > 0) this.#remove(new Set(removed));
    this.#reserve(this.#tasks.length + changed.length);
    for (const task of changed) {
      const known = this.#places.get(task.id);
      const place = known ?? this.#tasks.length;
      if (known === undefined || this.#tasks[place]?.needs.length !== task.needs.length) this.#shape += 1;
      this.#places.set(task.id, place);
      this.#tasks[place] = task;
      this.#states[place] = numberOfState(task.state);
    }
    if (changed.length > 0 || removed.length > 0) this.#version += 1;
  }

  #remove(removed: ReadonlySet<string>): void {
    this.#tasks = this.#tasks.filter(({ id }) => !removed.has(id));
    this.#places = new Map(this.#tasks.map(({ id }, place) => [id, place]));
    for (const [place, { state }] of this.#tasks.entries()) this.#states[place] = numberOfState(state);
    this.#shape += 1;
  }

  #reserve(size: number): void {
    if (size <= this.#states.length) return;
    const larger = new Uint8Array(Math.max(size, this.#states.length * 2));
    larger.set(this.#states);
    this.#states = larger;
  }
}
