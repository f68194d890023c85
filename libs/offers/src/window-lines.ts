/**
 * The tasks of one namespace that are offered to a pool with a limited window, by kind: the same agents can
 * do a kind.
 *
 * 1. Each kind may have its part with the pool: half of the tasks of the namespace there are divided evenly.
 *    A kind with more starts may have more. Within these parts the most urgent task goes first, and also if
 *    each kind has its part and there is room.
 * 2. The kind that exceeds its part most makes room for a waiting kind below its part. So a kind without a
 *    capable agent, or with endless tasks, blocks no other, however urgent it has become by waiting.
 */
import { Heap, isBefore } from "@tutti/kernel";
import type { OfferEntry, WindowLine } from "./entry.ts";
import type { OfferedProfile, OfferedTask } from "./offered-task.ts";

/** Beyond this number, all further kinds count as one: each kind is checked for every task that goes. */
const linesMax = 64;
const otherKinds = "";
/** A kind may have this many times its recent starts with the pool: it grows faster than it is used up. */
const startsFactor = 4;
/** Minimum difference in urgency for a recall, in the milliseconds of ranks. */
const recallMarginMs = 60_000;

export class WindowLines {
  readonly #lines = new Map<string, WindowLine>();
  /** Set while there is only one. */
  #only: WindowLine | undefined;
  #waiting = 0;
  #withPool = 0;
  #recalled = 0;
  /**
   * The recent maximum of tasks with the pool. Parts are computed from it: otherwise tasks that come home
   * would shrink the parts, and the next ones would be recalled too.
   */
  #mostWithPool = 0;

  /** Number of tasks that wait at home. */
  get waiting(): number {
    return this.#waiting;
  }

  get withPool(): number {
    return this.#withPool;
  }

  /** Tasks with the pool, without the recalled ones. */
  get notRecalled(): number {
    return this.#withPool - this.#recalled;
  }

  get hasSeveral(): boolean {
    return this.#lines.size > 1;
  }

  get isEmpty(): boolean {
    return this.#waiting === 0 && this.#withPool === 0;
  }

  /** Whether any task can be recalled. */
  get isRecallable(): boolean {
    for (const { recallable } of this.#lines.values()) if (recallable.size > 0) return true;
    return false;
  }

  wait(entry: OfferEntry): void {
    const line = this.#lineOf(kindOf(entry.effect));
    entry.line = line;
    line.queued.add(entry);
    this.#waiting++;
  }

  removeQueued(entry: OfferEntry): void {
    const { line } = entry;
    if (line === undefined) return;
    line.queued.remove(entry);
    this.#waiting--;
    this.#tidy(line);
  }

  move(entry: OfferEntry): void {
    const { line } = entry;
    if (line !== undefined) (entry.location === "home" ? line.queued : line.recallable).move(entry);
  }

  /** Removes the next task from home: it goes to the pool. */
  takeNext(): OfferEntry | undefined {
    const line = this.#next();
    const entry = line?.queued.first;
    if (line === undefined || entry === undefined) return undefined;
    line.queued.remove(entry);
    this.#waiting--;
    entry.rank = -entry.rank;
    line.recallable.add(entry);
    line.withPool++;
    this.#withPool++;
    if (this.#withPool > this.#mostWithPool) this.#mostWithPool = this.#withPool;
    return entry;
  }

  removeFromPool(entry: OfferEntry): void {
    const { line } = entry;
    if (line === undefined) return;
    this.#excludeFromRecall(line, entry);
    line.withPool--;
    this.#withPool--;
    this.#tidy(line);
  }

  markStarted(entry: OfferEntry): void {
    const { line } = entry;
    if (line === undefined) return;
    this.#excludeFromRecall(line, entry);
    line.recentStarts++;
  }

  recall(entry: OfferEntry): void {
    const { line } = entry;
    if (line === undefined) return;
    this.#excludeFromRecall(line, entry);
    entry.isRecalled = true;
    line.recalled++;
    this.#recalled++;
  }

  /** Called every second. */
  age(): void {
    this.#mostWithPool = this.#withPool;
    for (const line of this.#lines.values()) line.recentStarts >>= 1;
  }

  /** Returns a task of the kind furthest beyond its part, if a waiting kind has less than its part. */
  tooMuch(): OfferEntry | undefined {
    if (this.#only !== undefined) return undefined;
    const most = this.#furthest();
    if (most === undefined || this.#beyond(most) <= 0) return undefined;
    // All recalled tasks may make room for this kind.
    for (const line of this.#lines.values())
      if (line.queued.size > 0 && line.withPool + this.#recalled < this.#partOf(line))
        return most.recallable.first;
    return undefined;
  }

  /** Returns a task to recall for a far more urgent one. */
  lessUrgent(): OfferEntry | undefined {
    if (this.#recalled >= this.#waiting) return undefined;
    const next = this.#next();
    const urgent = next?.queued.first;
    if (next === undefined || urgent === undefined) return undefined;
    const least = this.#hasPart(next) ? next.recallable.first : this.#leastUrgent();
    return least !== undefined && urgent.rank + recallMarginMs <= -least.rank ? least : undefined;
  }

  /** Returns the next task to recall for another namespace: of the kind furthest beyond its part. */
  recallCandidate(): OfferEntry | undefined {
    return (this.#only ?? this.#furthest())?.recallable.first;
  }

  *queued(): Generator<OfferEntry> {
    for (const { queued } of this.#lines.values()) yield* queued.items;
  }

  /** Returns the least urgent of all recallable tasks. */
  #leastUrgent(): OfferEntry | undefined {
    if (this.#only !== undefined) return this.#only.recallable.first;
    let least: OfferEntry | undefined;
    for (const { recallable } of this.#lines.values()) {
      const { first } = recallable;
      if (first !== undefined && (least === undefined || isBefore(first, least))) least = first;
    }
    return least;
  }

  /** Returns the kind furthest beyond its part that has recallable tasks. */
  #furthest(): WindowLine | undefined {
    let most: WindowLine | undefined;
    for (const line of this.#lines.values())
      if (line.recallable.size > 0 && (most === undefined || this.#beyond(line) > this.#beyond(most)))
        most = line;
    return most;
  }

  #next(): WindowLine | undefined {
    if (this.#only !== undefined) return this.#only;
    let next: WindowLine | undefined;
    let hasPart = true;
    for (const line of this.#lines.values()) {
      const { first } = line.queued;
      if (first === undefined) continue;
      const has = this.#hasPart(line);
      const isNearer =
        has === hasPart && next?.queued.first !== undefined && isBefore(first, next.queued.first);
      if (next === undefined || isNearer || (hasPart && !has)) {
        next = line;
        hasPart = has;
      }
    }
    return next;
  }

  #hasPart(line: WindowLine): boolean {
    return line.withPool >= this.#partOf(line);
  }

  #partOf({ recentStarts }: WindowLine): number {
    return Math.max(1, Math.floor(this.#mostWithPool / (2 * this.#lines.size)), startsFactor * recentStarts);
  }

  #beyond(line: WindowLine): number {
    return line.withPool - line.recalled - this.#partOf(line);
  }

  /** Excludes a task from recalls. The pool does not answer a late recall, so others replace it. */
  #excludeFromRecall(line: WindowLine, entry: OfferEntry): void {
    if (entry.place >= 0) line.recallable.remove(entry);
    if (!entry.isRecalled) return;
    entry.isRecalled = false;
    line.recalled--;
    this.#recalled--;
  }

  #lineOf(requested: string): WindowLine {
    if (this.#only?.kind === requested) return this.#only;
    const known = this.#lines.get(requested);
    if (known !== undefined) return known;
    const kind = this.#lines.size < linesMax ? requested : otherKinds;
    const line = this.#lines.get(kind) ?? {
      kind,
      queued: new Heap<OfferEntry>(),
      recallable: new Heap<OfferEntry>(),
      withPool: 0,
      recalled: 0,
      recentStarts: 0,
    };
    if (this.#only !== undefined) this.#drop(this.#only);
    this.#lines.set(kind, line);
    this.#only = this.#lines.size === 1 ? line : undefined;
    return line;
  }

  /** The only line stays: the next task is most likely of its kind. */
  #tidy(line: WindowLine): void {
    if (line !== this.#only) this.#drop(line);
  }

  #drop({ kind, queued, withPool }: WindowLine): void {
    if (queued.size > 0 || withPool > 0) return;
    this.#lines.delete(kind);
    this.#only = this.#lines.size === 1 ? this.#lines.values().next().value : undefined;
  }
}

const kinds = new WeakMap<OfferedProfile, string>();

/** Returns the kind: the only fields that decide which agents can do a task. */
function kindOf({ profile, onlyAgents }: OfferedTask): string {
  let kind = kinds.get(profile);
  if (kind === undefined) {
    const { capability, versionRange, placement, policy } = profile;
    kind = JSON.stringify([capability, versionRange, placement?.require ?? null, policy.resources]);
    kinds.set(profile, kind);
  }
  return onlyAgents.length === 0 ? kind : `${kind} ${onlyAgents.join(" ")}`;
}
