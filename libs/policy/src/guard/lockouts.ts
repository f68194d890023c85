/**
 * Lock-outs of failed attempts: by subject, which is an address together with the account or key prefix that was tried.
 *
 * 1. A few failures are free: people mistype. Then each failure locks out, for twice as long as the one before, up to a
 *    bound.
 * 2. A lock-out decides how failures are answered. A valid credential passes: other programs share its address, and can
 *    name its account. Secrets with the entropy of a key cannot be found by trying.
 * 3. A secret that a person chose can. During a lock-out, one attempt a second is checked (`pace`), a valid one included:
 *    otherwise the answer to a right guess would show it.
 * 4. Failures are forgotten after a quiet time as long as the longest lock-out.
 */
import type { Lockout } from "@tutti/contracts/governance/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";

export interface LockoutRules {
  /** So many wrong ones are free. Default 5. */
  readonly freeFailures?: number;
  /** Default 10 s. */
  readonly firstMs?: number;
  /** Default an hour. */
  readonly longestMs?: number;
  /** How many subjects are remembered. Default 10,000. */
  readonly subjectsMax?: number;
}

interface Guesses {
  failures: number;
  firstMs: number;
  lastMs: number;
  untilMs: number;
  /** When the last attempt was checked during a lock-out. */
  pacedMs: number;
}

const paceMs = 1_000;

export class Lockouts {
  readonly #freeFailures: number;
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #subjectsMax: number;
  /** The one that was wrong least lately comes first. */
  readonly #guesses = new Map<string, Guesses>();

  constructor(rules: LockoutRules = {}) {
    this.#freeFailures = rules.freeFailures ?? 5;
    this.#firstMs = rules.firstMs ?? 10_000;
    this.#longestMs = rules.longestMs ?? 3_600_000;
    this.#subjectsMax = rules.subjectsMax ?? 10_000;
  }

  /** Until when the first of these that is locked out is. Undefined when none is. */
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

  /** Something was wrong. Gives who is locked out by it, who was not before. */
  failed(subjects: readonly string[], nowMs: number): readonly Lockout[] {
    return subjects.flatMap((subject) => this.#failed(subject, nowMs) ?? []);
  }

  /** It was right: what these got wrong before is forgotten. Addresses that many share are better not among them. */
  succeeded(subjects: readonly string[]): void {
    for (const subject of subjects) this.#guesses.delete(subject);
  }

  /** Other processes lock these out. Lockouts from `before` that are gone are lifted here too. */
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

  /** Returns whether an identity was locked out and now is not. */
  lift(subject: string, nowMs: number): boolean {
    const wasLocked = this.lockedUntil([subject], nowMs) !== undefined;
    this.#guesses.delete(subject);
    return wasLocked;
  }

  /** Who is locked out, in the order of their names. */
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
    if (this.#guesses.size > this.#subjectsMax) this.#forgetOne(nowMs);
    return guesses.untilMs > nowMs && !wasLocked ? lockoutOf(subject, guesses) : undefined;
  }

  /** First one that is not locked out: else a flood of other subjects would unlock all. */
  #forgetOne(nowMs: number): void {
    let looked = 0;
    for (const [subject, { untilMs }] of this.#guesses) {
      if (untilMs <= nowMs) {
        this.#guesses.delete(subject);
        return;
      }
      if (++looked === 100) break;
    }
    const [oldest] = this.#guesses.keys();
    if (oldest !== undefined) this.#guesses.delete(oldest);
  }
}

function lockoutOf(subject: string, { failures, firstMs, untilMs }: Guesses): Lockout {
  return { subject, failures, startTime: toTimestamp(firstMs), endTime: toTimestamp(untilMs) };
}
