/**
 * Callers that wait until a revision has been reported.
 *
 * A revision may be skipped: an entry that is written again before its report is reported only in its newer
 * form, after others in between. The waiter learns whether it was skipped.
 */
import { registryErrors } from "../errors.ts";

interface Waiting {
  readonly revision: number;
  readonly resolve: (wasReported: boolean) => void;
  readonly reject: (reason: unknown) => void;
}

/** Number of remembered revisions. Older ones count as reported. */
const rememberedMax = 1_024;

export class RevisionGate {
  readonly #remembered = new Set<number>();
  /** All lower revisions count as reported. */
  #oldest = 0;
  #revision = 0;
  #closed = false;
  #waiting: Waiting[] = [];

  /**
   * Resolves when everything up to this revision has been reported: with false if the revision itself was
   * skipped.
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
    this.#waiting = waiting.filter((waiter) => waiter.revision > this.#revision);
    for (const waiter of waiting) {
      if (waiter.revision <= this.#revision) waiter.resolve(this.#remembered.has(waiter.revision));
    }
  }

  /** Restarts revisions. Earlier waiters are rejected. */
  restart(): void {
    this.#revision = 0;
    this.#oldest = 0;
    this.#remembered.clear();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(registryErrors.loading());
  }

  /** Rejects all waiters, and new callers. */
  close(): void {
    this.#closed = true;
    this.restart();
  }

  #remember(revision: number): void {
    this.#remembered.add(revision);
    if (this.#remembered.size <= rememberedMax) return;
    const [oldest = 0] = this.#remembered;
    this.#remembered.delete(oldest);
    // Never lower: after a restart of the same history they are reported in another order.
    this.#oldest = Math.max(this.#oldest, oldest + 1);
  }
}
