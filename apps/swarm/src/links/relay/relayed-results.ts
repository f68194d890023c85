/**
 * The results of one relayed link. The agent numbers them on its link, the owner on each stream of the relay.
 * Results that are not durable are kept here and repeated on the next stream.
 *
 * 1. A result is kept until an owner reports it as durable, and repeated in the original order.
 * 2. Each result is acknowledged to the agent once: cumulatively as far as all are durable, by number beyond
 *    that.
 */
import type { Result } from "@tutti/contracts/agent/v1";
import { weightOfResult } from "../../weights.ts";

interface PendingResult {
  readonly result: Result;
  /** The agent's number. */
  readonly number: number;
}

/** The results that the agent can forget. */
export interface Settled {
  readonly resultsDurable: number;
  readonly resultsDurableBeyond: number[];
}

export class RelayedResults {
  /** By their number on the present stream, in order. */
  #pending = new Map<number, PendingResult>();
  #onStream = 0;
  #cumulative = 0;
  #added = 0;
  #durable = 0;
  readonly #beyond = new Set<number>();
  #bytes = 0;
  readonly #onSettled: (token: Uint8Array) => void;

  /** @param onSettled called for each token with a durable result */
  constructor(onSettled: (token: Uint8Array) => void) {
    this.#onSettled = onSettled;
  }

  /** Bytes of results that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns whether the result of an attempt is kept. Searches all: not for every frame. */
  has(token: Uint8Array): boolean {
    for (const { result } of this.#pending.values())
      if (Buffer.compare(result.token, token) === 0) return true;
    return false;
  }

  /** Adds a result of the agent. */
  add(result: Result): void {
    this.#pending.set(++this.#onStream, { result, number: ++this.#added });
    this.#bytes += weightOfResult(result);
  }

  /** Starts another stream, with numbers from 1. Returns the results that have to be repeated. */
  restart(): Result[] {
    const pending = [...this.#pending.values()];
    this.#pending = new Map(pending.map((each, index) => [index + 1, each]));
    this.#onStream = pending.length;
    this.#cumulative = 0;
    return pending.map(({ result }) => result);
  }

  /** Applies the durable marks of the owner, in its numbers. Returns undefined if nothing is new. */
  confirm(cumulative: number, beyond: readonly number[]): Settled | undefined {
    const before = this.#durable;
    const named: number[] = [];
    for (; this.#cumulative < Math.min(cumulative, this.#onStream); )
      this.#confirm(++this.#cumulative, named);
    for (const number of beyond) this.#confirm(number, named);
    const confirmed = named.filter((number) => number > this.#durable);
    if (this.#durable === before && confirmed.length === 0) return undefined;
    return { resultsDurable: this.#durable, resultsDurableBeyond: confirmed };
  }

  #confirm(onStream: number, named: number[]): void {
    const pending = this.#pending.get(onStream);
    if (pending === undefined) return;
    this.#pending.delete(onStream);
    this.#bytes -= weightOfResult(pending.result);
    this.#onSettled(pending.result.token);
    if (pending.number !== this.#durable + 1) {
      this.#beyond.add(pending.number);
      named.push(pending.number);
      return;
    }
    this.#durable++;
    while (this.#beyond.size > 0 && this.#beyond.delete(this.#durable + 1)) this.#durable++;
  }
}
