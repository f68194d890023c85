/**
 * Processes that stalled, or are cut off, while another process completed or withdrew their work. They offer a task once
 * more before they learn that. It is done again, without consequence. A process that reported a result as durable or
 * withdrew the task, or read the journal after that, knows better.
 */
export class LateSenders {
  /** Senders whose work wanted a task. After it is settled, those that have not settled it. */
  readonly #senders = new Map<string, Set<object>>();
  /** Tasks whose result is durable, and withdrawn ones. */
  readonly #settled = new Map<string, Settlement>();
  readonly #excused = new Set<string>();

  /**
   * Records that the work of a sender wants a task.
   *
   * @param readMs when it sealed the journal that it read the work from. Loading may take any time after
   * that.
   */
  recordDemand(token: string, sender: object, readMs: number): void {
    const settled = this.#settled.get(token);
    if (settled !== undefined && (readMs >= settled.sinceMs || settled.reporters.has(sender))) return;
    const senders = this.#senders.get(token) ?? new Set();
    this.#senders.set(token, senders.add(sender));
  }

  offered(token: string, sender: object): void {
    if (this.#settled.has(token) && this.#senders.get(token)?.has(sender)) this.#excused.add(token);
  }

  recordSettled(token: string, sender: object, nowMs: number): void {
    const settled = this.#settled.get(token) ?? { sinceMs: nowMs, reporters: new Set() };
    settled.reporters.add(sender);
    this.#settled.set(token, settled);
    this.#senders.get(token)?.delete(sender);
  }

  /** Returns whether one of these senders offered it after it was settled. */
  isExcused(token: string): boolean {
    return this.#excused.has(token);
  }
}

interface Settlement {
  readonly sinceMs: number;
  readonly reporters: Set<object>;
}
