/**
 * What watches of lists have told, so that they continue after a break where their caller stood.
 *
 * 1. Every reply has a number. For each name, the memory keeps the replies that sent its present state and its first
 *    one. So the state of a caller after any reply can be computed at any time.
 * 2. A watch that is resumed is another one, with what its caller knows: the one before may still be speaking.
 * 3. A watch is kept for a minute after it was broken off, and only so many of them. One that is not kept restarts.
 */
import { type Clock, type IdSource, sleep, type Timers } from "@tutti/kernel";
import { SharedLooks } from "./shared-looks.ts";

export interface WatchBounds {
  /** How long a watch is kept after it was broken off. */
  readonly keptMs: number;
  /** Watches that are kept at most, those running among them. */
  readonly watchesMax: number;
  /** Removed names that a watch remembers at most. */
  readonly removedMax: number;
}

const usualBounds: WatchBounds = { keptMs: 60_000, watchesMax: 500, removedMax: 10_000 };

export class WatchMemory {
  /** What all watches of this memory look up. */
  readonly looks = new SharedLooks();
  readonly turns = new Turns();
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #ids: Pick<IdSource, "newId">;
  readonly #bounds: WatchBounds;
  /** Longest broken off, then longest running, first. */
  readonly #running = new Set<ReportedNames>();
  readonly #kept = new Map<
    string,
    { readonly reported: ReportedNames; readonly about: string; untilMs: number }
  >();

  constructor(
    clock: Pick<Clock, "monotonic">,
    ids: Pick<IdSource, "newId">,
    bounds: WatchBounds = usualBounds,
  ) {
    this.#clock = clock;
    this.#ids = ids;
    this.#bounds = bounds;
  }

  /**
   * Returns a watch that continues from a cursor, or one that starts.
   * @param about what is watched, for whom: a caller cannot continue what is another's
   */
  begin(about: string, cursor: string): { readonly reported: ReportedNames; readonly isResumed: boolean } {
    this.#forget();
    const [, id = "", number = ""] = /^a([\w-]{1,100})\.(\d{1,10})$/.exec(cursor) ?? [];
    const before = this.#kept.get(id);
    const known = before?.about === about ? before.reported.knownAt(Number(number)) : undefined;
    const reported = known ?? new ReportedNames(this.#bounds.removedMax);
    reported.id = this.#ids.newId("watch");
    this.#running.add(reported);
    this.#kept.set(reported.id, { reported, about, untilMs: Number.POSITIVE_INFINITY });
    return { reported, isResumed: known !== undefined };
  }

  /** It was broken off. */
  end(reported: ReportedNames): void {
    this.#running.delete(reported);
    if (this.#running.size === 0) this.looks.clear();
    const kept = this.#kept.get(reported.id);
    if (kept === undefined) return;
    kept.untilMs = this.#clock.monotonic() + this.#bounds.keptMs;
  }

  #forget(): void {
    const nowMs = this.#clock.monotonic();
    for (const [id, { untilMs }] of this.#kept) if (untilMs <= nowMs) this.#kept.delete(id);
    for (const id of this.#kept.keys()) {
      if (this.#kept.size < this.#bounds.watchesMax) return;
      this.#kept.delete(id);
    }
  }
}

/** Turns of watches that compare or tell something: one for each round of the event loop, so that calls are served between. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  next(timers: Timers): Promise<void> {
    this.#last = this.#last.then(() => sleep(timers, 0));
    return this.#last;
  }
}

/** Names that a watch has told of. */
export class ReportedNames {
  id = "";
  readonly #removedMax: number;
  /**
   * By name: its number of events in the last reply with it, the number of that reply, and that of the first one. 0
   * for never.
   */
  readonly #known = new Map<string, ReportedState>();
  /** By name, the reported removals, the oldest first. */
  readonly #removed = new Map<string, { readonly first: number; readonly reply: number }>();
  /** The number of the last reply with a removal that is forgotten by now. */
  #forgotten = 0;
  /** Number of the reply that is being made. */
  #reply = 1;

  constructor(removedMax: number) {
    this.#removedMax = removedMax;
  }

  /** Where a caller continues who has taken in the reply that is being made. The next one is being made from now on. */
  takeCursor(): string {
    return `a${this.id}.${this.#reply++}`;
  }

  isReported(name: string, events: number): boolean {
    return this.#known.get(name)?.events === events;
  }

  /** Reports a name in its present state. */
  tell(name: string, events: number): void {
    const first = this.#known.get(name)?.first || this.#removed.get(name)?.first || this.#reply;
    this.#known.set(name, { events, reply: this.#reply, first });
    this.#removed.delete(name);
  }

  /** The name exists, and is not wanted. Returns whether the caller must hear that it is gone. */
  leaveOut(name: string, events: number): boolean {
    const isKnownToCaller = this.#remove(name);
    this.#known.set(name, { events, reply: this.#reply, first: 0 });
    return isKnownToCaller;
  }

  /** Forgets all known names that no longer exist. Returns those that the caller must hear of. */
  takeGone(isThere: (name: string) => boolean): string[] {
    const gone: string[] = [];
    for (const name of this.#known.keys())
      if (!isThere(name)) {
        if (this.#remove(name)) gone.push(name);
        this.#known.delete(name);
      }
    return gone;
  }

  /** The names that a caller knows after a reply. Undefined if that is forgotten by now. */
  knownAt(reply: number): ReportedNames | undefined {
    if (reply < 1 || reply >= this.#reply || reply < this.#forgotten) return undefined;
    const then = new ReportedNames(this.#removedMax);
    // An event count that nothing has: it is looked at again, and the caller knows of it.
    const old = { events: -1, reply: 0, first: 1 };
    for (const [name, state] of this.#known)
      if (state.reply <= reply) then.#known.set(name, { ...state, reply: 0, first: state.first && 1 });
      else if (state.first > 0 && state.first <= reply) then.#known.set(name, old);
    for (const [name, { first, reply: at }] of this.#removed)
      if (first <= reply && at > reply) then.#known.set(name, old);
    return then;
  }

  /** Returns whether the caller knew of it. */
  #remove(name: string): boolean {
    const first = this.#known.get(name)?.first ?? 0;
    if (first === 0) return false;
    this.#removed.delete(name);
    this.#removed.set(name, { first, reply: this.#reply });
    for (const [oldest, { reply }] of this.#removed) {
      if (this.#removed.size <= this.#removedMax) break;
      this.#removed.delete(oldest);
      this.#forgotten = reply;
    }
    return true;
  }
}

interface ReportedState {
  readonly events: number;
  readonly reply: number;
  readonly first: number;
}
