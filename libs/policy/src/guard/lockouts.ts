/**
 * Lock-outs after failed attempts, by subject: an address with the tried account or key prefix.
 *
 * 1. A few failures are free: people mistype. Then each failure locks out, for twice as long as the one
 *    before, up to a bound.
 * 2. A lock-out changes only the answer to failures. A valid credential passes: other programs share its
 *    address, and can name its account. Secrets with the entropy of a key cannot be guessed.
 * 3. A secret chosen by a person can be guessed. During a lock-out, one attempt a second is checked (`pace`),
 *    including valid ones: otherwise the answer to a right guess would show it.
 * 4. Failures are forgotten after a quiet time as long as the longest lock-out.
 */
import type { Lockout } from "@tutti/contracts/governance/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";

export interface LockoutRules {
  /** Number of free failures. Default 5. */
  readonly freeFailures?: number;
  /** Default 10 s. */
  readonly firstMs?: number;
  /** Default 1 h. */
  readonly longestMs?: number;
  /** Maximum of remembered subjects. Default 10,000. */
  readonly subjectsMax?: number;
}

interface Guesses {
  failures: number;
  firstMs: number;
  lastMs: number;
  untilMs: number;
  /** Time of the last attempt that was checked during a lock-out. */
  pacedMs: number;
}

const paceMs = 1_000;

export class Lockouts {
  readonly #freeFailures: number;
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #subjectsMax: number;
  /** The subject with the oldest failure comes first. */
  readonly #guesses = new Map<string, Guesses>();

  constructor(rules: LockoutRules = {}) {
    this.#freeFailures = rules.freeFailures ?? 5;
    this.#firstMs = rules.firstMs ?? 10_000;
    this.#longestMs = rules.longestMs ?? 3_600_000;
    this.#subjectsMax = rules.subjectsMax ?? 10_000;
  }

  /** Returns the end of the lock-out of the first locked subject. Undefined if none is locked. */
  lockedUntil(subjects: readonly string[], nowMs: number): number | undefined {
    let until: number | undefined;
    for (const subject of subjects) {
      const untilMs = this.#guesses.get(subject)?.untilMs ?? 0;
      if (untilMs > nowMs) until = Math.max(until ?? 0, untilMs);
    }
    return until;
  }

  /** Returns how long an attempt on a secret that can be guessed has to wait. 0 if it may be checked now. */
  pace(subject: string, nowMs: number): number {
    const known = this.#guesses.get(subject);
    if (known === undefined || known.untilMs <= nowMs) return 0;
    const waitMs = known.pacedMs + paceMs - nowMs;
    if (waitMs > 0) return waitMs;
    known.pacedMs = nowMs;
    return 0;
  }

  /** Records a failure. Returns the subjects that it locks out, and that were not locked out before. */
  failed(subjects: readonly string[], nowMs: number): readonly Lockout[] {
    return subjects.flatMap((subject) => this.#failed(subject, nowMs) ?? []);
  }

  /** Records a success: earlier failures of these subjects are forgotten. Do not pass shared addresses. */
  succeeded(subjects: readonly string[]): void {
    for (const subject of subjects) this.#guesses.delete(subject);
  }

  /** Applies the lock-outs of other processes. Those in `before` that are missing now are lifted here too. */
  adopt(lockouts: readonly Lockout[], before: readonly Lockout[], nowMs: number): void {
    const still = new Set(lockouts.map(({ subject }) => subject));
    for (const { subject, endTime } of before)
      if (!still.has(subject) && endTime !== undefined && fromTimestamp(endTime) > nowMs)
        this.lift(subject, nowMs);
    for (const { subject, failures, startTime, endTime } of lockouts) {
      const untilMs = endTime === undefined ? 0 : fromTimestamp(endTime);
      const known = this.#guesses.get(subject);
      if (untilMs <= Math.max(nowMs, known?.untilMs ?? 0)) continue;
      const firstMs = startTime === undefined ? nowMs : fromTimestamp(startTime);
      this.#guesses.set(subject, {
        firstMs,
        untilMs,
        lastMs: nowMs,
        pacedMs: known?.pacedMs ?? Number.NEGATIVE_INFINITY,
        failures: Math.max(failures, known?.failures ?? 0),
      });
    }
  }

  /** Lifts a lock-out. Returns whether the identity was locked out. */
  lift(subject: string, nowMs: number): boolean {
    const wasLocked = this.lockedUntil([subject], nowMs) !== undefined;
    this.#guesses.delete(subject);
    return wasLocked;
  }

  /** Returns the lock-outs, sorted by name. */
  list(nowMs: number): readonly Lockout[] {
    const locked = [...this.#guesses].filter(([, { untilMs }]) => untilMs > nowMs);
    return locked
      .map(([subject, guesses]) => lockoutOf(subject, guesses))
      .sort((one, other) => (one.subject < other.subject ? -1 : 1));
  }

  #failed(subject: string, nowMs: number): Lockout | undefined {
    const known = this.#guesses.get(subject);
    const isForgotten =
      known === undefined || nowMs - Math.max(known.lastMs, known.untilMs) > this.#longestMs;
    const guesses = isForgotten
      ? { failures: 0, firstMs: nowMs, lastMs: nowMs, untilMs: 0, pacedMs: Number.NEGATIVE_INFINITY }
      : known;
    const wasLocked = guesses.untilMs > nowMs;
    guesses.failures++;
    guesses.lastMs = nowMs;
    const beyond = guesses.failures - this.#freeFailures;
    if (beyond > 0 && !wasLocked)
      guesses.untilMs = nowMs + Math.min(this.#longestMs, this.#firstMs * 2 ** (beyond - 1));
    this.#guesses.delete(subject);
    this.#guesses.set(subject, guesses);
    if (this.#guesses.size > this.#subjectsMax) this.#evictOne(nowMs);
    return guesses.untilMs > nowMs && !wasLocked ? lockoutOf(subject, guesses) : undefined;
  }

  /** Forgets a subject that is not locked out, if any: otherwise a flood of subjects would unlock all. */
  #evictOne(nowMs: number): void {
    let scanned = 0;
    for (const [subject, { untilMs }] of this.#guesses) {
      if (untilMs <= nowMs) {
        this.#guesses.delete(subject);
        return;
      }
      if (++scanned === 100) break;
    }
    const [oldest] = this.#guesses.keys();
    if (oldest !== undefined) this.#guesses.delete(oldest);
  }
}

function lockoutOf(subject: string, { failures, firstMs, untilMs }: Guesses): Lockout {
  return { subject, failures, startTime: toTimestamp(firstMs), endTime: toTimestamp(untilMs) };
}
