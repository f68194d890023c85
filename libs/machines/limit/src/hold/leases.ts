/** Expiry of holds: those that end at the same time are one entry, so that a renewal is cheap. */
import { leaseStepMs } from "../limits.ts";
import { Heap } from "../waiting/heap.ts";

interface Bundle {
  readonly dueMs: number;
  readonly tickets: Set<number>;
}

export class Leases {
  readonly #bundles = new Map<number, Bundle>();
  readonly #order = new Heap<Bundle>((one, other) => one.dueMs < other.dueMs);

  /** End of the first leases. */
  get firstDueMs(): number | undefined {
    return this.#order.first?.dueMs;
  }

  /** Tickets whose leases end first. */
  get firstTickets(): ReadonlySet<number> {
    return this.#order.first?.tickets ?? noTickets;
  }

  /** Returns the tickets whose leases end by a time. */
  dueBy(ms: number): readonly number[] {
    return this.#order.items.filter(({ dueMs }) => dueMs <= ms).flatMap(({ tickets }) => [...tickets]);
  }

  add(ticket: number, dueMs: number): void {
    let bundle = this.#bundles.get(dueMs);
    if (bundle === undefined) {
      bundle = { dueMs, tickets: new Set() };
      this.#bundles.set(dueMs, bundle);
      this.#order.add(bundle);
    }
    bundle.tickets.add(ticket);
  }

  remove(ticket: number, dueMs: number): void {
    const bundle = this.#bundles.get(dueMs);
    if (bundle === undefined) return;
    bundle.tickets.delete(ticket);
    if (bundle.tickets.size > 0) return;
    this.#bundles.delete(dueMs);
    this.#order.remove(bundle);
  }
}

const noTickets: ReadonlySet<number> = new Set();

/** Returns the end of a lease that starts now. */
export function leaseDueMs(nowMs: number, leaseMs: number): number {
  return Math.ceil((nowMs + leaseMs) / leaseStepMs) * leaseStepMs;
}
