/**
 * The numbers of capabilities on a relayed link. The numbers that the agent received are valid as long as its
 * link. Another owner uses other numbers.
 *
 * 1. A capability keeps the number that the agent received first.
 * 2. Two capabilities never have the same number.
 */
export class RelayedNumbers {
  readonly #sent = new Map<string, number>();
  readonly #ofOwner = new Map<number, number>();
  #greatest = 0;
  #isSame = true;

  /** All numbers that the agent knows. */
  get sent(): Record<string, number> {
    return Object.fromEntries(this.#sent);
  }

  /** Forgets the numbers of the previous owner. */
  forgetOwner(): void {
    this.#ofOwner.clear();
    this.#isSame = true;
  }

  /** Receives the owner's numbers. Returns those that the agent needs. */
  learn(numbers: Readonly<Record<string, number>>): Record<string, number> {
    const added: [string, number][] = [];
    for (const [name, number] of Object.entries(numbers)) {
      let own = this.#sent.get(name);
      if (own === undefined) {
        own = this.#isFree(number) ? number : this.#greatest + 1;
        this.#sent.set(name, own);
        this.#greatest = Math.max(this.#greatest, own);
        added.push([name, own]);
      }
      this.#ofOwner.set(number, own);
      if (own !== number) this.#isSame = false;
    }
    return Object.fromEntries(added);
  }

  /** Whether the agent has the same numbers as the owner. */
  get isSame(): boolean {
    return this.#isSame;
  }

  /** Returns the agent's number. 0, which the agent treats as unknown, if there is none. */
  of(number: number): number {
    return this.#ofOwner.get(number) ?? 0;
  }

  #isFree(number: number): boolean {
    return number > this.#greatest || ![...this.#sent.values()].includes(number);
  }
}
