/**
 * What is offered to a pool that takes only so many at once, by namespace: what waits at home, and how much is with the pool.
 *
 * 1. Next goes who has least with the pool, of those who have the same the one that had fewer turns; of one namespace the most urgent.
 * 2. What is far more urgent than what waits in the pool makes room for itself, in its own namespace: nobody's urgency is another's delay.
 * 3. Who has less with the pool than others is made room for by the one that has most, until they have the same. So what nobody can do, or
 *    takes for ever, holds up nobody else, however much of it there is.
 */
import { Heap } from "@tutti/kernel";
import type { OfferEntry } from "./entry.ts";

interface WindowShare {
  readonly namespace: string;
  readonly atHome: Heap<OfferEntry>;
  /** What may be recalled, the least urgent first: ranks are turned round while entries stand here. */
  readonly recallable: Heap<OfferEntry>;
  withPool: number;
  recalled: number;
  /** How many of it have gone, counted as if it had always been there. */
  passed: number;
}

/** By how much more urgent something has to be to make room for itself, in the milliseconds that ranks are made of. */
const recallMarginMs = 60_000;
const recallsMax = 16;
/** Who has one more is not asked for it: it would go to and fro. */
const unevenBy = 2;

export class WindowShares {
  readonly #shares = new Map<string, WindowShare>();
  /** What the share has had that went last: who comes anew begins there. */
  #passed = 0;
  #waiting = 0;
  #withPool = 0;
  #recalled = 0;
  /** While there is but one. */
  #only: WindowShare | undefined;

  /** How many wait at home. */
  get waiting(): number {
    return this.#waiting;
  }

  get withPool(): number {
    return this.#withPool;
  }

  /** Comes home, or is there from the beginning. */
  wait(entry: OfferEntry): void {
    this.#shareOf(entry.key.namespace).atHome.add(entry);
    this.#waiting++;
  }

  /** Waits no longer. */
  leaveHome(entry: OfferEntry): void {
    const share = this.#shares.get(entry.key.namespace);
    if (share === undefined || entry.place < 0) return;
    share.atHome.remove(entry);
    this.#waiting--;
    this.#tidy(share);
  }

  /** The urgency of something has changed, wherever it stands; its rank is that of where it stands. */
  move(entry: OfferEntry): void {
    if (entry.place < 0) return;
    const { atHome, recallable } = this.#shareOf(entry.key.namespace);
    (entry.where === "home" ? atHome : recallable).move(entry);
  }

  /** Takes the next out: it goes to the pool. */
  take(): OfferEntry | undefined {
    const share = this.#next();
    const entry = share?.atHome.first;
    if (share === undefined || entry === undefined) return undefined;
    this.#passed = share.passed;
    share.passed += 1;
    share.atHome.remove(entry);
    this.#waiting--;
    entry.rank = -entry.rank;
    share.recallable.add(entry);
    share.withPool++;
    this.#withPool++;
    return entry;
  }

  /** It is not with the pool any more. */
  leavePool(entry: OfferEntry): void {
    const share = this.#shareOf(entry.key.namespace);
    this.#keep(share, entry);
    share.withPool--;
    this.#withPool--;
    this.#forgetRecall(share, entry);
    this.#tidy(share);
  }

  /** It is recalled no more: it has begun. A pool does not answer a recall that comes too late, so others are recalled in its place. */
  keep(entry: OfferEntry): void {
    const share = this.#shareOf(entry.key.namespace);
    this.#keep(share, entry);
    this.#forgetRecall(share, entry);
  }

  recall(entry: OfferEntry): void {
    const share = this.#shareOf(entry.key.namespace);
    this.#keep(share, entry);
    entry.isRecalled = true;
    share.recalled++;
    this.#recalled++;
  }

  /** What has to come home for others when the pool takes no more. It counts as recalled from then on. */
  makeRoom(): readonly OfferEntry[] {
    if (this.#waiting === 0) return [];
    const meant: OfferEntry[] = [];
    while (this.#recalled < Math.min(recallsMax, this.#waiting)) {
      const entry = this.#tooMuch() ?? this.#leastUrgent();
      if (entry === undefined) break;
      this.recall(entry);
      meant.push(entry);
    }
    return meant;
  }

  *atHome(): Generator<OfferEntry> {
    for (const { atHome } of this.#shares.values()) yield* atHome.items;
  }

  /** Of the one that has most, where another with something at home has less. */
  #tooMuch(): OfferEntry | undefined {
    if (this.#only !== undefined) return undefined;
    let least: WindowShare | undefined;
    let most: WindowShare | undefined;
    for (const share of this.#shares.values()) {
      if (share.atHome.size > 0 && (least === undefined || share.withPool < least.withPool)) least = share;
      if (share.recallable.size > 0 && (most === undefined || heldBy(share) > heldBy(most))) most = share;
    }
    if (least === undefined || most === undefined) return undefined;
    // All that is on its way home may be for the one that has least.
    return heldBy(most) - (least.withPool + this.#recalled) < unevenBy ? undefined : most.recallable.first;
  }

  #leastUrgent(): OfferEntry | undefined {
    for (const { atHome, recallable, recalled } of this.#shares.values()) {
      const [urgent, least] = [atHome.first, recallable.first];
      if (urgent === undefined || least === undefined || recalled >= atHome.size) continue;
      if (urgent.rank + recallMarginMs <= -least.rank) return least;
    }
    return undefined;
  }

  #keep(share: WindowShare, entry: OfferEntry): void {
    if (entry.place >= 0) share.recallable.remove(entry);
  }

  #forgetRecall(share: WindowShare, entry: OfferEntry): void {
    if (!entry.isRecalled) return;
    entry.isRecalled = false;
    share.recalled--;
    this.#recalled--;
  }

  #shareOf(namespace: string): WindowShare {
    if (this.#only?.namespace === namespace) return this.#only;
    let share = this.#shares.get(namespace);
    if (share === undefined) {
      if (this.#only !== undefined) this.#drop(this.#only);
      const heaps = { atHome: new Heap<OfferEntry>(), recallable: new Heap<OfferEntry>() };
      share = { namespace, ...heaps, withPool: 0, recalled: 0, passed: this.#passed };
      this.#shares.set(namespace, share);
      this.#only = this.#shares.size === 1 ? share : undefined;
    }
    return share;
  }

  /** The only one stays: what comes next is most likely of it. */
  #tidy(share: WindowShare): void {
    if (share !== this.#only) this.#drop(share);
  }

  #drop({ namespace, atHome, withPool }: WindowShare): void {
    if (atHome.size > 0 || withPool > 0) return;
    this.#shares.delete(namespace);
    this.#only = this.#shares.size === 1 ? this.#shares.values().next().value : undefined;
  }

  /** There are few namespaces at once, so looking at each costs less than keeping them in order. */
  #next(): WindowShare | undefined {
    if (this.#only !== undefined) return this.#only;
    let next: WindowShare | undefined;
    for (const share of this.#shares.values())
      if (share.atHome.size > 0 && (next === undefined || isBefore(share, next))) next = share;
    return next;
  }
}

/** What it will have when those that were recalled are home. */
function heldBy({ withPool, recalled }: WindowShare): number {
  return withPool - recalled;
}

function isBefore(one: WindowShare, other: WindowShare): boolean {
  return one.withPool < other.withPool || (one.withPool === other.withPool && one.passed < other.passed);
}
