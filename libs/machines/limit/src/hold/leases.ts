/** When holds are lost unless they are renewed: those that end at the same moment together, so that a renewal is cheap. */
import { leaseStepMs } from "../limits.ts";
import { Heap } from "../waiting/heap.ts";

interface Bundle {
  readonly dueMs: number;
  readonly tickets: Set<number>;
}

export class Leases {
  readonly #bundles = new Map<number, Bundle>();
  readonly #order = new Heap<Bundle>((one, other) => one.dueMs < other.dueMs);

  /** When the first of them end. */
  get firstDueMs(): number | undefined {
    return this.#order.first?.dueMs;
  }

  /** Which end first, all at that moment. */
  get firstTickets(): ReadonlySet<number> {
    return this.#order.first?.tickets ?? none;
  }

  /** Those that were to end by a moment. */
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

const none: ReadonlySet<number> = new Set();

/** Returns the end of a lease that starts now. */
export function leaseDueMs(nowMs: number, leaseMs: number): number {
  return Math.ceil((nowMs + leaseMs) / leaseStepMs) * leaseStepMs;
}
