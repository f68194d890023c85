/**
 * The tasks that are offered to a pool with a limited window, by namespace: those that wait at home, and how many are
 * with the pool.
 *
 * 1. Next goes who has least with the pool, of those who have the same the one that had fewer turns. Of one namespace
 *    the most urgent.
 * 2. A task that is far more urgent than those that wait in the pool makes room for itself, in its own namespace:
 *    urgency in one namespace never delays another.
 * 3. The namespace with the most tasks at the pool makes room for those with fewer, until they have the same. So
 *    tasks without a capable agent, or endless ones, block no other namespace, however many there are. Nor do they
 *    block other kinds of their own namespace (`WindowLines`).
 */
import type { OfferEntry } from "./entry.ts";
import { WindowLines } from "./window-lines.ts";

interface WindowShare {
  readonly namespace: string;
  readonly lines: WindowLines;
  /** How many of it have gone, counted as if it had always been there. */
  passed: number;
}

const recallsMax = 16;
/** Who has one more is not asked for it: it would go to and fro. */
const unevenBy = 2;
/** What has started before counts half after so long. */
const ageEveryMs = 1_000;

export class WindowShares {
  readonly #shares = new Map<string, WindowShare>();
  /** What the share has had that went last: who comes again starts there. */
  #passed = 0;
  #waiting = 0;
  #withPool = 0;
  #recalled = 0;
  #agedMs = 0;
  /** While there is but one. */
  #only: WindowShare | undefined;

  /** How many wait at home. */
  get waiting(): number {
    return this.#waiting;
  }

  get withPool(): number {
    return this.#withPool;
  }

  /** Whether what may go, and what has to come home, changes by the time alone. */
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

  /** Comes home, or is there from the beginning. */
  wait(entry: OfferEntry): void {
    this.#shareOf(entry.key.namespace).lines.wait(entry);
    this.#waiting++;
  }

  /** Waits no longer. */
  leaveHome(entry: OfferEntry): void {
    const share = this.#shares.get(entry.key.namespace);
    if (share === undefined || entry.place < 0) return;
    share.lines.leaveHome(entry);
    this.#waiting--;
    this.#tidy(share);
  }

  /** The urgency of something has changed, wherever it stands. Its rank is that of where it stands. */
  move(entry: OfferEntry): void {
    if (entry.place >= 0) this.#shareOf(entry.key.namespace).lines.move(entry);
  }

  /** Takes the next out: it goes to the pool. */
  take(): OfferEntry | undefined {
    const share = this.#next();
    const entry = share?.lines.take();
    if (share === undefined || entry === undefined) return undefined;
    this.#passed = share.passed;
    share.passed += 1;
    this.#waiting--;
    this.#withPool++;
    return entry;
  }

  /** It is not with the pool any more. */
  leavePool(entry: OfferEntry): void {
    const share = this.#shareOf(entry.key.namespace);
    this.#forgetRecall(entry);
    share.lines.leavePool(entry);
    this.#withPool--;
    this.#tidy(share);
  }

  /**
   * It is recalled no more: it has started. A pool does not answer a recall that comes too late, so others are recalled
   * in its place.
   */
  keep(entry: OfferEntry): void {
    this.#forgetRecall(entry);
    this.#shareOf(entry.key.namespace).lines.begun(entry);
  }

  recall(entry: OfferEntry): void {
    this.#shareOf(entry.key.namespace).lines.recall(entry);
    this.#recalled++;
  }

  /** What has to come home for others when the pool takes no more. It counts as recalled from then on. */
  makeRoom(): readonly OfferEntry[] {
    if (this.#waiting === 0) return [];
    const meant: OfferEntry[] = [];
    while (this.#recalled < Math.min(recallsMax, this.#waiting)) {
      const entry = this.#tooMuch() ?? this.#ofOwn();
      if (entry === undefined) break;
      this.recall(entry);
      meant.push(entry);
    }
    return meant;
  }

  *atHome(): Generator<OfferEntry> {
    for (const { lines } of this.#shares.values()) yield* lines.atHome();
  }

  /** Of the one that has most, where another with something at home has less. */
  #tooMuch(): OfferEntry | undefined {
    if (this.#only !== undefined) return undefined;
    let least: WindowShare | undefined;
    let most: WindowShare | undefined;
    for (const share of this.#shares.values()) {
      const { lines } = share;
      if (lines.waiting > 0 && (least === undefined || lines.withPool < least.lines.withPool)) least = share;
      if (lines.isRecallable && (most === undefined || lines.held > most.lines.held)) most = share;
    }
    if (least === undefined || most === undefined) return undefined;
    // All that is on its way home may be for the one that has least.
    const { lines } = most;
    return lines.held - (least.lines.withPool + this.#recalled) < unevenBy ? undefined : lines.spare();
  }

  /** What makes room for others of its own namespace. */
  #ofOwn(): OfferEntry | undefined {
    for (const { lines } of this.#shares.values()) {
      const entry = lines.tooMuch() ?? lines.lessUrgent();
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Before its line does, which says so of the entry. */
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

  /** The only one stays: the next task is most likely of it. */
  #tidy(share: WindowShare): void {
    if (share !== this.#only) this.#drop(share);
  }

  #drop({ namespace, lines }: WindowShare): void {
    if (!lines.isEmpty) return;
    this.#shares.delete(namespace);
    this.#only = this.#shares.size === 1 ? this.#shares.values().next().value : undefined;
  }

  /** There are few namespaces at once, so looking at each costs less than keeping them in order. */
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
