import { Heap } from "../structures/heap.ts";
import type { Problem } from "../work/problem.ts";
import type { Assignment, Dispatcher, Presence } from "./dispatcher.ts";

export interface InLineRules {
  /** The order of tasks: by the time when they became ready, or by the largest of these values. */
  readonly first: "ready" | Float64Array;
  /**
   * The choice of the agent: the first free one, as if all were equal. The fastest free one. Or, as pools do,
   * the one with the largest share of free slots, and among equals the least recently used.
   */
  readonly by: "anyone" | "fastest" | "leastLoaded";
  /** For `leastLoaded`: agents in the order of their last use, the oldest first. Absent: by number. */
  readonly lastUseOrder?: ArrayLike<number>;
}

/**
 * Tasks wait in a line, and a free agent takes the first that it can do, as in queues. Tasks with the same
 * demand share a line, so that a task without a free agent blocks no other.
 */
export class InLine implements Dispatcher {
  readonly #problem: Problem;
  readonly #rules: InLineRules;
  readonly #lines = new Map<number, Heap>();
  readonly #byNumber: Uint32Array;
  readonly #slots: Uint32Array;
  readonly #lastUsed: Uint32Array;
  #arrivals = 0;
  #uses = 0;

  constructor(problem: Problem, rules: InLineRules) {
    this.#problem = problem;
    this.#rules = rules;
    this.#byNumber = Uint32Array.from({ length: problem.agents }, (_, agent) => agent);
    this.#slots = new Uint32Array(problem.agents);
    for (const agent of problem.agentOfSlot) this.#slots[agent] = (this.#slots[agent] ?? 0) + 1;
    this.#lastUsed = new Uint32Array(problem.agents);
    for (let at = 0; at < (rules.lastUseOrder?.length ?? 0); at++)
      this.#lastUsed[rules.lastUseOrder?.[at] ?? 0] = ++this.#uses;
  }

  ready(task: number): void {
    const { first } = this.#rules;
    const { demands, pinned, agents } = this.#problem;
    const key = (demands[task] ?? 0) * (agents + 1) + (pinned[task] ?? -1) + 1;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new Heap();
      this.#lines.set(key, line);
    }
    line.push(first === "ready" ? this.#arrivals++ : -(first[task] ?? 0), task);
  }

  recordEnd(): void {
    // Slots are read when they are needed.
  }

  lost(): void {
    // It is ready again.
  }

  next(presence: Presence): Assignment | undefined {
    let least = Number.POSITIVE_INFINITY;
    let from: Heap | undefined;
    let agent = -1;
    for (const [key, line] of this.#lines) {
      if (line.leastKey >= least) continue;
      const free = this.#freeAgent(key, presence);
      if (free === -1) continue;
      least = line.leastKey;
      from = line;
      agent = free;
    }
    const task = from?.pop();
    if (task !== undefined) this.#lastUsed[agent] = ++this.#uses;
    return task === undefined ? undefined : { task, agent };
  }

  #freeAgent(key: number, presence: Presence): number {
    const { candidates, agentOfSlot, agents, paces } = this.#problem;
    const demand = Math.floor(key / (agents + 1));
    const pinned = (key % (agents + 1)) - 1;
    if (pinned !== -1) return presence.freeSlots(pinned) > 0 ? pinned : -1;
    if (this.#rules.by === "fastest") {
      for (const slot of candidates[demand] ?? []) {
        const agent = agentOfSlot[slot] ?? 0;
        if (presence.freeSlots(agent) > 0) return agent;
      }
      return -1;
    }
    if (this.#rules.by === "leastLoaded") return this.#leastLoaded(demand, presence);
    for (const agent of this.#byNumber)
      if ((paces[demand * agents + agent] ?? 0) < Number.POSITIVE_INFINITY && presence.freeSlots(agent) > 0)
        return agent;
    return -1;
  }

  #leastLoaded(demand: number, presence: Presence): number {
    const { agents, paces } = this.#problem;
    let best = -1;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const agent of this.#byNumber) {
      const free = presence.freeSlots(agent);
      if (free <= 0 || (paces[demand * agents + agent] ?? 0) === Number.POSITIVE_INFINITY) continue;
      const load = -free / (this.#slots[agent] ?? 1);
      const isLonger = (this.#lastUsed[agent] ?? 0) < (this.#lastUsed[best] ?? 0);
      if (load > bestLoad || (load === bestLoad && !isLonger)) continue;
      best = agent;
      bestLoad = load;
    }
    return best;
  }
}
