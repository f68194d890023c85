/**
 * Instances that sleep in the archive until a timer. They are loaded when they are due, a page at a time, and cost no
 * memory until then.
 *
 * 1. `after` is the last one loaded. An instance in memory is still in the archive's index under its old time, and must
 *    not count as due again. So an instance that is due soon is never passivated.
 */
import type { ArchivePartition, DueInstance } from "@tutti/journal";
import type { Instances } from "./instances.ts";

export interface PassivatedIndexParts {
  readonly archive: ArchivePartition;
  readonly instances: Instances;
  wake(): void;
  faulted(fault: unknown): void;
}

/** Instances per lookup. */
const pageInstances = 512;
/** They are loaded a little early, so that they are in memory when they are due. */
const aheadMs = 100;

export class PassivatedIndex {
  readonly #parts: PassivatedIndexParts;
  #nextMs = Number.POSITIVE_INFINITY;
  #after: DueInstance | undefined;
  #isBusy = false;
  #isStopped = false;

  constructor(parts: PassivatedIndexParts) {
    this.#parts = parts;
  }

  /** When the next one is to be loaded. Infinity while a load is under way, or if there is none. */
  get nextDueMs(): number {
    return this.#isBusy ? Number.POSITIVE_INFINITY : this.#nextMs - aheadMs;
  }

  /** An instance was passivated. */
  addDue(dueMs: number): void {
    this.#nextMs = Math.min(this.#nextMs, dueMs);
  }

  /** Finds out when the first is due. */
  async start(): Promise<void> {
    this.#nextMs = (await this.#parts.archive.nextDueMs()) ?? Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#isStopped = true;
  }

  wakeDue(nowMs: number): void {
    if (this.#isBusy || this.#nextMs - aheadMs > nowMs) return;
    this.#isBusy = true;
    this.#wakePage(nowMs + aheadMs).then(
      () => {
        this.#isBusy = false;
        if (!this.#isStopped) this.#parts.wake();
      },
      (fault: unknown) => {
        if (!this.#isStopped) this.#parts.faulted(fault);
      },
    );
  }

  async #wakePage(beforeMs: number): Promise<void> {
    const { archive, instances } = this.#parts;
    // An instance that is passivated during this request may be due before the next one that the archive returns.
    this.#nextMs = Number.POSITIVE_INFINITY;
    const due = await archive.due(beforeMs, pageInstances, this.#after);
    await Promise.all(due.map(({ key }) => instances.find(key)));
    this.#after = due.at(-1) ?? this.#after;
    const [next] = await archive.due(Number.MAX_SAFE_INTEGER, 1, this.#after);
    this.#nextMs = Math.min(this.#nextMs, next?.dueMs ?? Number.POSITIVE_INFINITY);
  }
}
