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

export interface LookTime {
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
}

const restsPerLook = 4;
const restMaxMs = 2_000;
/** Number of answers that are kept for comparison. Each has up to a thousand entries. */
const keptMax = 32;

interface Waiting {
  readonly signals: AbortSignal[];
  readonly answer: Promise<Listing>;
}

interface Kept {
  readonly answer: Listing;
  /** Time when the question may be asked again. */
  readonly restedMs: number;
}

export class SharedLooks {
  readonly #waiting = new Map<string, Waiting>();
  /** Sorted, the latest last. */
  readonly #kept = new Map<string, Kept>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Returns the result of `make`, shared by all that ask the same question before it runs.
   *
   * @param question equal questions have equal answers
   */
  look<Entry extends Listed>(
    question: string,
    make: () => Promise<Listing<Entry>>,
    time: LookTime,
    signal: AbortSignal,
  ): Promise<Listing<Entry>> {
    // The casts: equal questions have entries of one type.
    const joined = this.#waiting.get(question);
    if (joined !== undefined) {
      joined.signals.push(signal);
      return joined.answer as Promise<Listing<Entry>>;
    }
    const signals = [signal];
    const answer = this.#inTurn(question, make, time, signals);
    this.#waiting.set(question, { signals, answer });
    return answer as Promise<Listing<Entry>>;
  }

  /** No watch is left, so no answer has to be compared any more. */
  clear(): void {
    this.#kept.clear();
  }

  async #inTurn(
    question: string,
    make: () => Promise<Listing>,
    time: LookTime,
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
      return await this.#looked(question, make, time);
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

  #restMs(question: string, { clock }: LookTime): number {
    return (this.#kept.get(question)?.restedMs ?? 0) - clock.monotonic();
  }

  async #looked(question: string, make: () => Promise<Listing>, { clock }: LookTime): Promise<Listing> {
    const startMs = clock.monotonic();
    const found = await make();
    const endMs = clock.monotonic();
    const before = this.#kept.get(question)?.answer;
    const answer = before !== undefined && isSame(before, found) ? before : found;
    this.#kept.delete(question);
    this.#kept.set(question, {
      answer,
      restedMs: endMs + Math.min(restMaxMs, restsPerLook * (endMs - startMs)),
    });
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= keptMax) break;
      this.#kept.delete(oldest);
    }
    return answer;
  }
}

function isSame(one: Listing, other: Listing): boolean {
  if (one.size !== other.size) return false;
  for (const [name, { events }] of other) if (one.get(name)?.events !== events) return false;
  return true;
}
