/**
 * A plain model of a limit: a list of holders and a list of waiters that are searched after every event. Its
 * time advances millisecond by millisecond.
 */
import { ageingMs } from "../limits.ts";

export interface ModelRule {
  readonly max: number;
  readonly rate?: { readonly count: number; readonly perMs: number; readonly burst: number };
}

export interface ModelRequest {
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly share: string;
  readonly shareWeight: number;
}

interface Waiting extends ModelRequest {
  readonly beginMs: number;
  readonly order: number;
}

export class LimitModel {
  holds: { readonly id: string; readonly weight: number }[] = [];
  waiting: Waiting[] = [];
  rule: ModelRule;
  #nowMs: number;
  /**
   * Usage of each share, relative to its weight, and the level of new shares: the least usage among waiting
   * ones.
   */
  #had = new Map<string, number>();
  #weights = new Map<string, number>();
  #least = 0;
  #order = 0;
  /** All grants, from which the rate is computed again each time. */
  readonly #grants: { readonly ms: number; readonly weight: number }[] = [];

  constructor(rule: ModelRule, nowMs: number) {
    this.rule = rule;
    this.#nowMs = nowMs;
  }

  tick(): void {
    this.#nowMs++;
    this.#grantWaiting();
  }

  acquire(request: ModelRequest): void {
    if (this.#isKnown(request.id)) return;
    if (this.waiting.length === 0 && this.#fits(request.weight)) {
      this.#grant(request);
      return;
    }
    this.#had.set(request.share, Math.max(this.#had.get(request.share) ?? 0, this.#least));
    this.#weights.set(request.share, request.shareWeight);
    this.waiting.push({ ...request, beginMs: this.#nowMs, order: this.#order++ });
    this.#grantWaiting();
  }

  release(id: string): void {
    if (!this.#isKnown(id)) return;
    this.holds = this.holds.filter((hold) => hold.id !== id);
    this.waiting = this.waiting.filter((request) => request.id !== id);
    this.#grantWaiting();
  }

  change(rule: ModelRule): void {
    this.rule = rule;
    this.#grantWaiting();
  }

  #isKnown(id: string): boolean {
    return [...this.holds, ...this.waiting].some((each) => each.id === id);
  }

  #grantWaiting(): void {
    for (let next = this.#next(); next !== undefined && this.#fits(next.weight); next = this.#next()) {
      const { share, weight } = next;
      const had = this.#had.get(share) ?? 0;
      this.#had.set(share, had + weight / (this.#weights.get(share) ?? 1));
      this.waiting = this.waiting.filter((request) => request !== next);
      this.#grant(next);
      this.#updateLeast();
    }
    this.#updateLeast();
  }

  #updateLeast(): void {
    const had = this.waiting.map(({ share }) => this.#had.get(share) ?? 0);
    this.#least = Math.max(this.#least, Math.min(...had));
    if (this.waiting.length > 0) return;
    this.#had.clear();
    this.#least = 0;
  }

  #grant({ id, weight }: ModelRequest): void {
    this.holds.push({ id, weight });
    this.#grants.push({ ms: this.#nowMs, weight });
  }

  /**
   * Returns the waiter of the share with the least usage that has waited longest, with priority converted to
   * time.
   */
  #next(): Waiting | undefined {
    const had = ({ share }: Waiting) => this.#had.get(share) ?? 0;
    const rank = ({ beginMs, priority }: Waiting) => beginMs - priority * ageingMs;
    return this.waiting.toSorted(
      (one, other) =>
        had(one) - had(other) ||
        (one.share < other.share ? -1 : one.share > other.share ? 1 : 0) ||
        rank(one) - rank(other) ||
        one.order - other.order,
    )[0];
  }

  #fits(weight: number): boolean {
    const held = this.holds.reduce((sum, hold) => sum + hold.weight, 0);
    const hasRoom = this.rule.max === 0 || held === 0 || held + weight <= this.rule.max;
    return hasRoom && this.#hasTokens(weight);
  }

  #hasTokens(weight: number): boolean {
    const { rate } = this.rule;
    if (rate === undefined) return true;
    let tokens = rate.burst;
    let atMs = 0;
    const fillTo = (ms: number) => {
      tokens = Math.min(rate.burst, tokens + ((ms - atMs) * rate.count) / rate.perMs);
      atMs = ms;
    };
    for (const grant of this.#grants) {
      fillTo(grant.ms);
      tokens -= Math.min(grant.weight, rate.burst);
    }
    fillTo(this.#nowMs);
    // Fractions of tokens are not exact.
    return tokens >= Math.min(weight, rate.burst) - 1e-6;
  }
}
