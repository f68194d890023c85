/**
 * Processes that stood still, or are cut off, while another one had their work done: they offer it once more before
 * they find out. It is done again, and nothing comes of that. A process that reported a result as durable, or loads the
 * work after that, knows better.
 */
export class LateSenders {
  /** Those whose work wanted a task. After its result is durable, those of them that were not told so. */
  readonly #senders = new Map<string, Set<object>>();
  readonly #durable = new Set<string>();
  readonly #excused = new Set<string>();

  wanted(token: string, sender: object): void {
    if (this.#durable.has(token)) return;
    const senders = this.#senders.get(token) ?? new Set();
    this.#senders.set(token, senders.add(sender));
  }

  offered(token: string, sender: object): void {
    if (this.#durable.has(token) && this.#senders.get(token)?.has(sender)) this.#excused.add(token);
  }

  saidDurable(token: string, sender: object): void {
    this.#durable.add(token);
    this.#senders.get(token)?.delete(sender);
  }

  /** Returns whether one of them offered it after its result was durable. */
  isExcused(token: string): boolean {
    return this.#excused.has(token);
  }
}
