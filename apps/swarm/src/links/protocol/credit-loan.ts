/**
 * The part of an agent's credit that the pool may use now. An agent may grant any number. Assignments are held back
 * here while the agent does not read, so that memory is bounded by what it reads and not by its requests.
 *
 * 1. The pool never has more than a part at a time, and never more than the agent has granted.
 * 2. Nothing is lent while the link is clogged.
 */
export class CreditLoan {
  readonly #lentMax: number;
  #granted = 0;
  #lent = 0;

  constructor(lentMax: number) {
    this.#lentMax = lentMax;
  }

  /** Granted by the agent and not lent to the pool yet. */
  get unlent(): number {
    return this.#granted;
  }

  grant(count: number): void {
    this.#granted += count;
  }

  /** Records that the pool has used some of it. */
  used(count: number): void {
    this.#lent = Math.max(0, this.#lent - count);
  }

  /** Returns the credit that the pool gets now. */
  lend(isClogged: boolean): number {
    const count = isClogged ? 0 : Math.min(this.#granted, this.#lentMax - this.#lent);
    this.#granted -= count;
    this.#lent += count;
    return count;
  }

  /** Voids the granted credit of an agent that drains or sleeps. */
  void(): void {
    this.#granted = 0;
    this.#lent = 0;
  }
}
