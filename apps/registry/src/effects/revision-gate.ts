/**
 * Lets those through who wait until a revision has been taken in.
 *
 * A revision may be passed over: an entry that is written again before its report is reported in its newer form
 * alone, and later than others in between. The waiter learns which it was.
 */
import { registryErrors } from "../errors.ts";

interface Waiting {
  readonly revision: number;
  readonly resolve: (wasReported: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/** Of the latest revisions. Older ones count as reported. */
const rememberedMax = 1_024;

export class RevisionGate {
  readonly #remembered = new Set<number>();
  /** All lower revisions count as reported. */
  #oldest = 0;
  #revision = 0;
  #closed = false;
  #waiting: Waiting[] = [];

  /**
   * Resolves when everything up to this revision has been reported: with false when the revision itself was passed
   * over.
   */
  reached(revision: number): Promise<boolean> {
    if (revision <= this.#revision) {
      return Promise.resolve(revision < this.#oldest || this.#remembered.has(revision));
    }
    if (this.#closed) return Promise.reject(registryErrors.loading());
    return new Promise((resolve, reject) => this.#waiting.push({ revision, resolve, reject }));
  }

  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    this.#remember(revision);
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((one) => one.revision > this.#revision);
    for (const one of waiting) {
      if (one.revision <= this.#revision) one.resolve(this.#remembered.has(one.revision));
    }
  }

  /** Revisions start again. What those who wait were promised is gone. */
  beginAnew(): void {
    this.#revision = 0;
    this.#oldest = 0;
    this.#remembered.clear();
    for (const one of this.#waiting.splice(0)) one.reject(registryErrors.loading());
  }

  /** Rejects all waiters, and new callers. */
  close(): void {
    this.#closed = true;
    this.beginAnew();
  }

  #remember(revision: number): void {
    this.#remembered.add(revision);
    if (this.#remembered.size <= rememberedMax) return;
    const [oldest = 0] = this.#remembered;
    this.#remembered.delete(oldest);
    // Never lower: after a new beginning of the same history they come in the order of another telling.
    this.#oldest = Math.max(this.#oldest, oldest + 1);
  }
}
