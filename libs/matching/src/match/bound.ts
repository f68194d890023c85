/** Tasks that wait for the agent that did the last one with their key, by agent. */
import type { BoundBook } from "../books.ts";
import type { Task } from "../parts.ts";
export class Bound implements BoundBook {
  readonly #byAgent = new Map<string, Set<Task>>();
  readonly #agents = new Map<Task, string>();

  add(task: Task, agentId: string): void {
    const tasks = this.#byAgent.get(agentId) ?? new Set();
    tasks.add(task);
    this.#byAgent.set(agentId, tasks);
    this.#agents.set(task, agentId);
  }

  remove(task: Task): void {
    const agentId = this.#agents.get(task);
    if (agentId === undefined) return;
    this.#agents.delete(task);
    const tasks = this.#byAgent.get(agentId);
    tasks?.delete(task);
    if (tasks?.size === 0) this.#byAgent.delete(agentId);
  }

  /** A copy: they leave while one goes through them. */
  of(agentId: string): Task[] {
    return [...(this.#byAgent.get(agentId) ?? [])];
  }
}
