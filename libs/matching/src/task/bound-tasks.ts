/**
 * Tasks that wait for the agent of the last task with their key.
 *
 * 1. A bound task waits with a demand of its own, for that one agent. Its former demand is kept in
 *    `extras.unbound`.
 * 2. It is bound at most once. After its time, or when the agent cannot take it, any agent may take it.
 */
import { assert } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { Demands } from "../demand/demands.ts";
import type { LiveSettings } from "../settings.ts";
import { enqueue } from "./queueing.ts";
import type { Extras, Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";

const never = Number.POSITIVE_INFINITY;

export class BoundTasks {
  readonly #settings: LiveSettings;
  readonly #demands: Demands;
  readonly #tasks: Tasks;
  readonly #byAgent = new Map<string, Set<Task>>();
  readonly #agents = new Map<Task, string>();

  constructor(settings: LiveSettings, demands: Demands, tasks: Tasks) {
    this.#settings = settings;
    this.#demands = demands;
    this.#tasks = tasks;
  }

  /** Binds a task to the agent of the last task with its key. */
  bind(task: Task, extras: Extras, agent: Agent, nowMs: number): void {
    assert(extras.unbound === undefined && extras.mayBind, "a task is bound at most once", {
      agentId: agent.agentId,
    });
    task.share?.remove(task);
    extras.unbound = task.demand;
    extras.mayBind = false;
    extras.boundDueMs = nowMs + this.#settings.current.stickyMs;
    task.demand = this.#demands.narrowed(task.demand, [agent.agentId], []);
    this.#add(task, agent.agentId);
    enqueue(task);
    this.#tasks.schedule(task);
  }

  /** Unbinds a task. It must be in no queue. */
  unbind(task: Task, extras: Extras): void {
    const { unbound } = extras;
    if (unbound === undefined) return;
    this.#remove(task);
    const { demand } = task;
    task.demand = unbound;
    extras.unbound = undefined;
    extras.boundDueMs = never;
    this.#demands.release(demand);
  }

  /** Releases a task that has waited long enough for its agent, or whose agent cannot take it any more. */
  release(task: Task): void {
    const { extras, share } = task;
    if (extras?.unbound === undefined) return;
    share?.remove(task);
    this.unbind(task, extras);
    enqueue(task);
    this.#tasks.schedule(task);
  }

  /** Releases all tasks that are bound to an agent that takes no more work. */
  releaseAll(agentId: string): void {
    for (const task of [...(this.#byAgent.get(agentId) ?? [])]) this.release(task);
  }

  #add(task: Task, agentId: string): void {
    const tasks = this.#byAgent.get(agentId) ?? new Set();
    tasks.add(task);
    this.#byAgent.set(agentId, tasks);
    this.#agents.set(task, agentId);
  }

  #remove(task: Task): void {
    const agentId = this.#agents.get(task);
    if (agentId === undefined) return;
    this.#agents.delete(task);
    const tasks = this.#byAgent.get(agentId);
    tasks?.delete(task);
    if (tasks?.size === 0) this.#byAgent.delete(agentId);
  }
}
