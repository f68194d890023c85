/**
 * Which agent did the last task with a key: for sticky keys and for context. Bounded. The least recently used
 * goes first. A key is its namespace's.
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
    // Set again, it is the youngest.
    this.#agents.delete(name);
    this.#agents.set(name, agentId);
    if (this.#agents.size <= this.#max) return;
    const oldest = this.#agents.keys().next().value;
    if (oldest !== undefined) this.#agents.delete(oldest);
  }
}
