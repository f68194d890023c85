import type { OfferRequest } from "@tutti/contracts/swarm/v1";

/** The durable results of a stream: all up to a number, and some beyond. Each is reported once. */
export class DurableMarks {
  #come = 0;
  /** All results up to this number are durable. */
  #upTo = 0;
  #toldUpTo = 0;
  readonly #beyond = new Set<number>();
  #fresh: number[] = [];

  /** Returns the number of the next result, from 1. */
  come(): number {
    return ++this.#come;
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
    const hasNews = this.#upTo > this.#toldUpTo || request.resultsDurableBeyond.length > 0;
    this.#toldUpTo = this.#upTo;
    this.#fresh = [];
    return hasNews;
  }
}
