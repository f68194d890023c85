/**
 * The reports of watches of lists, so that a watch continues after a break from its caller's last reply.
 *
 * 1. Every reply has a number. For each name, the memory keeps the replies that sent its present state and its first
 *    one. So the state of a caller after any reply can be computed at any time.
 * 2. A resumed watch is a new one with the state of its caller: the one before may still be sending.
 * 3. A watch is kept for a minute after its stream broke, up to a maximum number. A watch that is not kept restarts.
 */
import { type Clock, type IdSource, sleep, type Timers } from "@tutti/kernel";
import { SharedLookups } from "./shared-lookups.ts";

export interface WatchLimits {
  /** How long a watch is kept after its stream broke. */
  readonly retentionMs: number;
  /** Maximum number of watches, including the running ones. */
  readonly watchesMax: number;
  /** Maximum number of removed names that a watch remembers. */
  readonly removedMax: number;
}

const defaultLimits: WatchLimits = { retentionMs: 60_000, watchesMax: 500, removedMax: 10_000 };

export class WatchMemory {
  /** Look-ups shared by all watches of this memory. */
  readonly lookups = new SharedLookups();
  readonly turns = new Turns();
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #ids: Pick<IdSource, "newId">;
  readonly #limits: WatchLimits;
  /** Sorted: longest broken, then longest running, first. */
  readonly #running = new Set<ReportedNames>();
  readonly #watches = new Map<
    string,
    { readonly reported: ReportedNames; readonly about: string; untilMs: number }
  >();

  constructor(
    clock: Pick<Clock, "monotonic">,
    ids: Pick<IdSource, "newId">,
    limits: WatchLimits = defaultLimits,
  ) {
    this.#clock = clock;
    this.#ids = ids;
    this.#limits = limits;
  }

  /**
   * Returns a watch that continues from a cursor, or a new one.
   * @param about the subject and the caller: a caller cannot continue the watch of another
   */
  open(about: string, cursor: string): { readonly reported: ReportedNames; readonly isResumed: boolean } {
    this.#evict();
    const [, id = "", number = ""] = /^a([\w-]{1,100})\.(\d{1,10})$/.exec(cursor) ?? [];
    const before = this.#watches.get(id);
    const known = before?.about === about ? before.reported.knownAt(Number(number)) : undefined;
    const reported = known ?? new ReportedNames(this.#limits.removedMax);
    reported.id = this.#ids.newId("watch");
    this.#running.add(reported);
    this.#watches.set(reported.id, { reported, about, untilMs: Number.POSITIVE_INFINITY });
    return { reported, isResumed: known !== undefined };
  }

  /** The stream of this watch broke. */
  disconnect(reported: ReportedNames): void {
    this.#running.delete(reported);
    if (this.#running.size === 0) this.lookups.clear();
    const watch = this.#watches.get(reported.id);
    if (watch === undefined) return;
    watch.untilMs = this.#clock.monotonic() + this.#limits.retentionMs;
  }

  #evict(): void {
    const nowMs = this.#clock.monotonic();
    for (const [id, { untilMs }] of this.#watches) if (untilMs <= nowMs) this.#watches.delete(id);
    for (const id of this.#watches.keys()) {
      if (this.#watches.size < this.#limits.watchesMax) return;
      this.#watches.delete(id);
    }
  }
}

/**
 * Turns of watches that compare or report: one for each round of the event loop, so that calls are served in between.
 */
class Turns {
  #last: Promise<void> = Promise.resolve();

  next(timers: Timers): Promise<void> {
    this.#last = this.#last.then(() => sleep(timers, 0));
    return this.#last;
  }
}

/** Names that a watch has reported. */
export class ReportedNames {
  id = "";
  readonly #removedMax: number;
  /**
   * By name: its number of events in the last reply with it, the number of that reply, and that of the first one. 0 for
   * never.
   */
  readonly #known = new Map<string, ReportedState>();
  /** By name, the reported removals, the oldest first. */
  readonly #removed = new Map<string, { readonly first: number; readonly reply: number }>();
  /** The number of the last reply with a removal that is no longer remembered. */
  #forgotten = 0;
  /** Number of the reply being made. */
  #reply = 1;

  constructor(removedMax: number) {
    this.#removedMax = removedMax;
  }

  /** Returns the cursor for a caller that has processed the reply being made. The next reply starts now. */
  nextCursor(): string {
    return `a${this.id}.${this.#reply++}`;
  }

  isReported(name: string, events: number): boolean {
    return this.#known.get(name)?.events === events;
  }

  /** Reports a name in its present state. */
  report(name: string, events: number): void {
    const first = this.#known.get(name)?.first || this.#removed.get(name)?.first || this.#reply;
    this.#known.set(name, { events, reply: this.#reply, first });
    this.#removed.delete(name);
  }

  /** The name exists, but does not match. Returns whether the caller must learn that it is gone. */
  exclude(name: string, events: number): boolean {
    const isKnownToCaller = this.#remove(name);
    this.#known.set(name, { events, reply: this.#reply, first: 0 });
    return isKnownToCaller;
  }

  /** Drops all known names that no longer exist. Returns those that the caller must learn of. */
  dropRemoved(isThere: (name: string) => boolean): string[] {
    const removed: string[] = [];
    for (const name of this.#known.keys())
      if (!isThere(name)) {
        if (this.#remove(name)) removed.push(name);
        this.#known.delete(name);
      }
    return removed;
  }

  /** Returns the names that a caller knows after a reply. Undefined if that is no longer remembered. */
  knownAt(reply: number): ReportedNames | undefined {
    if (reply < 1 || reply >= this.#reply || reply < this.#forgotten) return undefined;
    const then = new ReportedNames(this.#removedMax);
    // An event count that no entry has: it is checked again, and the caller knows of it.
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
