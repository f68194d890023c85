/**
 * Look-ups in the index for watches of lists, shared by all watches with the same question.
 *
 * 1. A queued look-up serves every watch that asks its question meanwhile. A running look-up accepts no new one, so a
 *    watch never sees less than the index had when it asked.
 * 2. One look-up runs at a time. An archive answers in order, so a list waits for at most one look-up of a watch.
 * 3. A question rests four times as long as its last look-up took: thousands of watches of one list use a fifth of the
 *    archive's time.
 * 4. An answer that equals the one before is the same object, so a watch has nothing to compare.
 * 5. A look-up that every watch has left is not done.
 */
import { type Clock, sleep, type Timers } from "@tutti/kernel";

/** An index entry: a change has another number of events. */
export interface Listed {
  readonly events: number;
}

export type Listing<Entry extends Listed = Listed> = ReadonlyMap<string, Entry>;

export interface LookupTime {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
}

const restsPerLookup = 4;
const restMaxMs = 2_000;
/** Number of answers that are kept for comparison. Each has up to a thousand entries. */
const cachedMax = 32;

interface Waiting {
  readonly signals: AbortSignal[];
  readonly answer: Promise<Listing>;
}

interface CachedAnswer {
  readonly answer: Listing;
  /** Time when the question may be asked again. */
  readonly restedMs: number;
}

export class SharedLookups {
  readonly #waiting = new Map<string, Waiting>();
  /** Sorted, the latest last. */
  readonly #cached = new Map<string, CachedAnswer>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Returns the result of `query`, shared by all that ask the same question before it runs.
   *
   * @param question equal questions have equal answers
   */
  lookUp<Entry extends Listed>(
    question: string,
    query: () => Promise<Listing<Entry>>,
    time: LookupTime,
    signal: AbortSignal,
  ): Promise<Listing<Entry>> {
    // The casts: equal questions have entries of one type.
    const joined = this.#waiting.get(question);
    if (joined !== undefined) {
      joined.signals.push(signal);
      return joined.answer as Promise<Listing<Entry>>;
    }
    const signals = [signal];
    const answer = this.#inTurn(question, query, time, signals);
    this.#waiting.set(question, { signals, answer });
    return answer as Promise<Listing<Entry>>;
  }

  /** No watch is left, so no answer has to be compared any more. */
  clear(): void {
    this.#cached.clear();
  }

  async #inTurn(
    question: string,
    query: () => Promise<Listing>,
    time: LookupTime,
    signals: readonly AbortSignal[],
  ): Promise<Listing> {
    let end = await this.#turn();
    // Another look-up may have answered the question while this one was queued.
    for (let restMs = this.#restMs(question, time); restMs > 0; restMs = this.#restMs(question, time)) {
      end();
      await sleep(time.timers, restMs);
      end = await this.#turn();
    }
    this.#waiting.delete(question);
    try {
      if (signals.every(({ aborted }) => aborted)) return new Map();
      return await this.#runQuery(question, query, time);
    } finally {
      end();
    }
  }

  /** Resolves when no other look-up runs, with a function that ends this one. */
  async #turn(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    return resolve;
  }

  #restMs(question: string, { clock }: LookupTime): number {
    return (this.#cached.get(question)?.restedMs ?? 0) - clock.monotonic();
  }

  async #runQuery(question: string, query: () => Promise<Listing>, { clock }: LookupTime): Promise<Listing> {
    const startMs = clock.monotonic();
    const found = await query();
    const endMs = clock.monotonic();
    const before = this.#cached.get(question)?.answer;
    const answer = before !== undefined && isSame(before, found) ? before : found;
    this.#cached.delete(question);
    this.#cached.set(question, {
      answer,
      restedMs: endMs + Math.min(restMaxMs, restsPerLookup * (endMs - startMs)),
    });
    for (const [oldest] of this.#cached) {
      if (this.#cached.size <= cachedMax) break;
      this.#cached.delete(oldest);
    }
    return answer;
  }
}

function isSame(one: Listing, other: Listing): boolean {
  if (one.size !== other.size) return false;
  for (const [name, { events }] of other) if (one.get(name)?.events !== events) return false;
  return true;
}
