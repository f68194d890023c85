/**
 * Collects the notes that a partition's new owner reports again. The previous owner may have died between a commit and
 * its report. It has reported everything that is older than ten seconds before its end.
 */
import { errorFromUnknown } from "@tutti/kernel";
import type { Happening, MachineEventListener } from "../api.ts";
import type { AnyEvent } from "../machines/hosted-machine.ts";

/** Maximum delay of reports behind the last event. */
export const redeliverMs = 10_000;
/** Maximum number of notes reported again per partition, the newest: more than a listener accepts at once. */
const notesMax = 10_000;

export class NoteRedelivery {
  readonly #eventListener: MachineEventListener | undefined;
  #gathered: { readonly timeMs: number; readonly note: unknown }[] = [];
  #lastMs = 0;

  constructor(eventListener: MachineEventListener | undefined) {
    this.#eventListener = eventListener;
  }

  listensTo(event: AnyEvent): boolean {
    return this.#eventListener?.notes.has(event) === true;
  }

  /** Takes the note before the event is folded. */
  record(event: AnyEvent, happening: Happening): void {
    const { timeMs } = happening;
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    const note = this.#createNote(event, happening);
    if (note !== undefined) this.#gathered.push({ timeMs, note });
    // Dropping scans all notes, so it does not run for each one.
    if (this.#gathered.length >= 2 * notesMax) this.#drop();
  }

  /** The notes of the last ten seconds, in order. */
  get notes(): readonly unknown[] {
    this.#drop();
    return this.#gathered.map(({ note }) => note);
  }

  #createNote(event: AnyEvent, happening: Happening): unknown {
    try {
      return this.#eventListener?.notes.get(event)?.(happening);
    } catch (error) {
      return errorFromUnknown(error);
    }
  }

  #drop(): void {
    const fromMs = this.#lastMs - redeliverMs;
    this.#gathered = this.#gathered.slice(-notesMax).filter(({ timeMs }) => timeMs >= fromMs);
  }
}
