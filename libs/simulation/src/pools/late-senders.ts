/**
 * Processes that stalled, or are cut off, while another process completed their work. They offer a task once
 * more before they learn that. It is done again, without consequence. A process that reported a result as
 * durable, or read the journal after that, knows better.
 */
export class LateSenders {
  /** Senders whose work wanted a task. After its result is durable, those that have not reported it. */
  readonly #senders = new Map<string, Set<object>>();
  /** Tasks whose result is durable. */
  readonly #durable = new Map<string, DurableResult>();
  readonly #excused = new Set<string>();

  /**
   * Records that the work of a sender wants a task.
   *
   * @param readMs when it sealed the journal that it read the work from. Loading may take any time after
   * that.
   */
  recordDemand(token: string, sender: object, readMs: number): void {
    const durable = this.#durable.get(token);
    if (durable !== undefined && (readMs >= durable.sinceMs || durable.reporters.has(sender))) return;
    const senders = this.#senders.get(token) ?? new Set();
    this.#senders.set(token, senders.add(sender));
  }

  offered(token: string, sender: object): void {
    if (this.#durable.has(token) && this.#senders.get(token)?.has(sender)) this.#excused.add(token);
  }

  recordDurable(token: string, sender: object, nowMs: number): void {
    const durable = this.#durable.get(token) ?? { sinceMs: nowMs, reporters: new Set() };
    durable.reporters.add(sender);
    this.#durable.set(token, durable);
    this.#senders.get(token)?.delete(sender);
  }

  /** Returns whether one of these senders offered it after its result was durable. */
  isExcused(token: string): boolean {
    return this.#excused.has(token);
  }
}

interface DurableResult {
  readonly sinceMs: number;
  readonly reporters: Set<object>;
}
