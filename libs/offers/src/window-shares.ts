/**
 * The tasks that are offered to a pool with a limited window, by namespace: those that wait at home, and how
 * many are with the pool.
 *
 * 1. The namespace with the fewest tasks with the pool goes next, among equals the one with fewer turns.
 *    Within a namespace the most urgent task goes first.
 * 2. A task that is far more urgent than those that wait in the pool makes room for itself, in its own
 *    namespace: urgency in one namespace never delays another.
 * 3. The namespace with the most tasks with the pool makes room for others, until they have the same. So
 *    tasks without a capable agent, or endless ones, block no other namespace, however many there are. Nor do
 *    they block other kinds of their own namespace (`WindowLines`).
 */
import type { OfferEntry } from "./entry.ts";
import { WindowLines } from "./window-lines.ts";

interface WindowShare {
  readonly namespace: string;
  readonly lines: WindowLines;
  /** Number of its turns, counted as if it had always been present. */
  passed: number;
}

const recallsMax = 16;
/** A difference of one causes no recall: the task would move back and forth. */
const unevenBy = 2;
/** Interval at which the count of earlier starts is halved. */
const ageEveryMs = 1_000;

export class WindowShares {
  readonly #shares = new Map<string, WindowShare>();
  /** Turns of the share that was served last: a new share starts there. */
  #passed = 0;
  #waiting = 0;
  #withPool = 0;
  #recalled = 0;
  #agedMs = 0;
  /** Set while there is only one. */
  #only: WindowShare | undefined;

  /** Number of tasks that wait at home. */
  get waiting(): number {
    return this.#waiting;
  }

  get withPool(): number {
    return this.#withPool;
  }

  /** Whether time alone changes which tasks may go or have to come home. */
  get isAgeing(): boolean {
    if (this.#waiting === 0) return false;
    if (this.#only !== undefined) return this.#only.lines.hasSeveral;
    for (const { lines } of this.#shares.values()) if (lines.hasSeveral) return true;
    return false;
  }

  age(nowMs: number): void {
    if (nowMs - this.#agedMs < ageEveryMs) return;
    this.#agedMs = nowMs;
    for (const { lines } of this.#shares.values()) lines.age();
  }

  /** Adds an entry at home, new or returned. */
  wait(entry: OfferEntry): void {
    this.#shareOf(entry.key.namespace).lines.wait(entry);
    this.#waiting++;
  }

  /** Removes an entry from home. */
  removeQueued(entry: OfferEntry): void {
    const share = this.#shares.get(entry.key.namespace);
    if (share === undefined || entry.place < 0) return;
    share.lines.removeQueued(entry);
    this.#waiting--;
    this.#tidy(share);
  }

  /** Sorts an entry again after its urgency has changed. Its rank is that of its present place. */
  move(entry: OfferEntry): void {
    if (entry.place >= 0) this.#shareOf(entry.key.namespace).lines.move(entry);
  }

  /** Removes the next task from home: it goes to the pool. */
  takeNext(): OfferEntry | undefined {
    const share = this.#next();
    const entry = share?.lines.takeNext();
    if (share === undefined || entry === undefined) return undefined;
    this.#passed = share.passed;
    share.passed += 1;
    this.#waiting--;
    this.#withPool++;
    return entry;
  }

  /** Removes an entry that is no longer with the pool. */
  removeFromPool(entry: OfferEntry): void {
    const share = this.#shareOf(entry.key.namespace);
    this.#forgetRecall(entry);
    share.lines.removeFromPool(entry);
    this.#withPool--;
    this.#tidy(share);
  }

  /**
   * Excludes a started task from recalls. A pool does not answer a recall that comes too late, so others are
   * recalled in its place.
   */
  markStarted(entry: OfferEntry): void {
    this.#forgetRecall(entry);
    this.#shareOf(entry.key.namespace).lines.markStarted(entry);
  }

  recall(entry: OfferEntry): void {
    this.#shareOf(entry.key.namespace).lines.recall(entry);
    this.#recalled++;
  }

  /** Recalls tasks to make room for others while the pool accepts no more, and returns them. */
  recallForOthers(): readonly OfferEntry[] {
    if (this.#waiting === 0) return [];
    const recalled: OfferEntry[] = [];
    while (this.#recalled < Math.min(recallsMax, this.#waiting)) {
      const entry = this.#tooMuch() ?? this.#ofOwn();
      if (entry === undefined) break;
      this.recall(entry);
      recalled.push(entry);
    }
    return recalled;
  }

  *queued(): Generator<OfferEntry> {
    for (const { lines } of this.#shares.values()) yield* lines.queued();
  }

  /** Returns a task to recall from the largest share, if another share with waiting tasks has less. */
  #tooMuch(): OfferEntry | undefined {
    if (this.#only !== undefined) return undefined;
    let least: WindowShare | undefined;
    let most: WindowShare | undefined;
    for (const share of this.#shares.values()) {
      const { lines } = share;
      if (lines.waiting > 0 && (least === undefined || lines.withPool < least.lines.withPool)) least = share;
      if (lines.isRecallable && (most === undefined || lines.notRecalled > most.lines.notRecalled))
        most = share;
    }
    if (least === undefined || most === undefined) return undefined;
    // All recalled tasks may make room for the smallest share.
    const { lines } = most;
    return lines.notRecalled - (least.lines.withPool + this.#recalled) < unevenBy
      ? undefined
      : lines.recallCandidate();
  }

  /** Returns a task to recall for others of its own namespace. */
  #ofOwn(): OfferEntry | undefined {
    for (const { lines } of this.#shares.values()) {
      const entry = lines.tooMuch() ?? lines.lessUrgent();
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Must be called before the line forgets that the entry is recalled. */
  #forgetRecall(entry: OfferEntry): void {
    if (entry.isRecalled) this.#recalled--;
  }

  #shareOf(namespace: string): WindowShare {
    if (this.#only?.namespace === namespace) return this.#only;
    let share = this.#shares.get(namespace);
    if (share === undefined) {
      if (this.#only !== undefined) this.#drop(this.#only);
      share = { namespace, lines: new WindowLines(), passed: this.#passed };
      this.#shares.set(namespace, share);
      this.#only = this.#shares.size === 1 ? share : undefined;
    }
    return share;
  }

  /** The only share stays: the next task is most likely of its namespace. */
  #tidy(share: WindowShare): void {
    if (share !== this.#only) this.#drop(share);
  }

  #drop({ namespace, lines }: WindowShare): void {
    if (!lines.isEmpty) return;
    this.#shares.delete(namespace);
    this.#only = this.#shares.size === 1 ? this.#shares.values().next().value : undefined;
  }

  /** There are few namespaces at a time, so a search costs less than keeping them in order. */
  #next(): WindowShare | undefined {
    if (this.#only !== undefined) return this.#only;
    let next: WindowShare | undefined;
    for (const share of this.#shares.values())
      if (share.lines.waiting > 0 && (next === undefined || isBefore(share, next))) next = share;
    return next;
  }
}

function isBefore(one: WindowShare, other: WindowShare): boolean {
  const [ours, theirs] = [one.lines.withPool, other.lines.withPool];
  return ours < theirs || (ours === theirs && one.passed < other.passed);
}
