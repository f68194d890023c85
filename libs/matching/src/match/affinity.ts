/**
 * The agent that did the last task with a key: for sticky keys and for context. Bounded: the least recently
 * used key is dropped first. Keys belong to a namespace.
 */
export class Affinity {
  readonly #max: number;
  readonly #agents = new Map<string, string>();

  constructor(max: number) {
    this.#max = max;
  }

  get(namespace: string, key: string): string | undefined {
    return this.#agents.get(`${namespace}\n${key}`);
  }

  set(namespace: string, key: string, agentId: string): void {
    const name = `${namespace}\n${key}`;
    // A key that is set again becomes the most recently used.
    this.#agents.delete(name);
    this.#agents.set(name, agentId);
    if (this.#agents.size <= this.#max) return;
    const oldest = this.#agents.keys().next().value;
    if (oldest !== undefined) this.#agents.delete(oldest);
  }
}
