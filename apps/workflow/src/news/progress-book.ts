/**
 * Runs that have moved on and of which that was not told yet. A run is told of a while after its first step, so that
 * one that ends at once is told of by its end alone, and then at most once a second.
 */
import type { InstanceKey } from "@tutti/kernel";
import type { Progress } from "./note.ts";

interface Entry {
  note: Progress;
  isPending: boolean;
  dueMs: number;
}

export const firstAfterMs = 250;
export const everyMs = 1_000;
/** Beyond these, further runs are not told of before they end. */
const runsMax = 10_000;

export class ProgressBook {
  /** By the key's identity: an instance in memory has one. */
  readonly #entries = new Map<InstanceKey, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  moved(note: Progress, nowMs: number): void {
    const entry = this.#entries.get(note.key);
    if (entry !== undefined) {
      entry.note = note;
      entry.isPending = true;
    } else if (this.#entries.size < runsMax)
      this.#entries.set(note.key, { note, isPending: true, dueMs: nowMs + firstAfterMs });
  }

  /** What it was about says it all. */
  ended(key: InstanceKey): void {
    this.#entries.delete(key);
  }

  /** Those that are due, at most so many. */
  take(nowMs: number, most: number): Progress[] {
    const due: Progress[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.dueMs > nowMs) continue;
      if (!entry.isPending) this.#entries.delete(key);
      else if (due.length < most) {
        due.push(entry.note);
        entry.isPending = false;
        entry.dueMs = nowMs + everyMs;
      }
    }
    return due;
  }
}
