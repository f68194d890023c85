/**
 * What a partition's new owner tells again of the time before. The process that had it may have died between a commit
 * and the telling. What happened long before its end it has told.
 */
import { errorFromUnknown } from "@tutti/kernel";
import type { Happening, MachineEventListener } from "../api.ts";
import type { AnyEvent } from "../machines/hosted-machine.ts";

/** How long before the last event telling may have been behind. */
export const redeliverMs = 10_000;
/** Of a partition, at most so many are reported again, the newest: more than a listener takes at once. */
const notesMax = 10_000;

export class NoteRedelivery {
  readonly #eventListener: MachineEventListener | undefined;
  #gathered: { readonly timeMs: number; readonly note: unknown }[] = [];
  #lastMs = 0;

  constructor(eventListener: MachineEventListener | undefined) {
    this.#eventListener = eventListener;
  }

  hears(event: AnyEvent): boolean {
    return this.#eventListener?.notes.has(event) === true;
  }

  /** Before the event is folded. */
  note(event: AnyEvent, happening: Happening): void {
    const { timeMs } = happening;
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    const note = this.#taken(event, happening);
    if (note !== undefined) this.#gathered.push({ timeMs, note });
    // Dropping looks at all of them: not at each.
    if (this.#gathered.length >= 2 * notesMax) this.#drop();
  }

  /** Of the last ten seconds, in their order. */
  get notes(): readonly unknown[] {
    this.#drop();
    return this.#gathered.map(({ note }) => note);
  }

  #taken(event: AnyEvent, happening: Happening): unknown {
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
