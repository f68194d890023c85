/**
 * Work with progress that is not published yet. Its progress is published a second after its first step, and then at
 * most once a second. Of shorter work only the end is published.
 */
import type { InstanceKey } from "@tutti/kernel";
import type { NoteHead } from "./note.ts";

/** The last of its steps, without the state. */
interface Entry extends NoteHead {
  event: number;
  timeMs: number;
  cause: NoteHead["cause"];
  isPending: boolean;
  dueMs: number;
}

const everyMs = 1_000;
/** Maximum number of entries. Progress of further work is not published before its end. */
const entriesMax = 10_000;

export class ProgressQueue {
  /** By the identity of the key object: an instance in memory has one. */
  readonly #entries = new Map<InstanceKey, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  moved({ key, event, timeMs, cause }: NoteHead, nowMs: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.event = event;
      entry.timeMs = timeMs;
      entry.cause = cause;
      entry.isPending = true;
    } else if (this.#entries.size < entriesMax) {
      const dueMs = nowMs + everyMs;
      this.#entries.set(key, { key, event, timeMs, cause, isPending: true, dueMs });
    }
  }

  /** The event of the end replaces the progress. */
  remove(key: InstanceKey): void {
    this.#entries.delete(key);
  }

  /** Returns up to `most` due entries. */
  dequeueDue(nowMs: number, most: number): NoteHead[] {
    const due: NoteHead[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.dueMs > nowMs) continue;
      if (!entry.isPending) this.#entries.delete(key);
      else if (due.length < most) {
        due.push(entry);
        entry.isPending = false;
        entry.dueMs = nowMs + everyMs;
      }
    }
    return due;
  }
}
