import type { OfferRequest } from "@tutti/contracts/swarm/v1";

/** The durable results of a stream: all up to a number, and some beyond. Each is reported once. */
export class DurableMarks {
  #lastNumber = 0;
  /** All results up to this number are durable. */
  #upTo = 0;
  #reportedUpTo = 0;
  readonly #beyond = new Set<number>();
  #fresh: number[] = [];

  /** Returns the number of the next result, from 1. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  durable(number: number): void {
    if (number <= this.#upTo || this.#beyond.has(number)) return;
    if (number > this.#upTo + 1) {
      this.#beyond.add(number);
      this.#fresh.push(number);
      return;
    }
    this.#upTo = number;
    while (this.#beyond.delete(this.#upTo + 1)) this.#upTo++;
  }

  /** Writes new marks into the request. Returns whether there were any. */
  write(request: Pick<OfferRequest, "resultsDurable" | "resultsDurableBeyond">): boolean {
    request.resultsDurable = this.#upTo;
    request.resultsDurableBeyond = this.#fresh.filter((number) => number > this.#upTo);
    const hasChanges = this.#upTo > this.#reportedUpTo || request.resultsDurableBeyond.length > 0;
    this.#reportedUpTo = this.#upTo;
    this.#fresh = [];
    return hasChanges;
  }
}
