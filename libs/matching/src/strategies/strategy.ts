/**
 * How an agent is chosen among those that can do a task and have room for it.
 *
 * Agents that are alike stand in the order of their ranks, which is kept as their work changes: choosing the first costs
 * the logarithm of how many there are. A strategy that also looks at the task judges the first few of them.
 */
export interface Strategy {
  /** As in the contracts: `least_loaded`. */
  readonly name: string;

  /** Where an agent stands: smaller goes first. It may rest on nothing but what is given. */
  rank(agent: AgentLoad): number;

  /** How good the agent would be for the task: greater is better. Absent: the first in the order is taken. */
  readonly judge?: (agent: AgentLoad, task: TaskView) => number;
}

/** What a strategy may know of an agent. */
export interface AgentLoad {
  readonly agentId: string;
  /** How many tasks it takes at once. */
  readonly slots: number;
  /** How many it has. */
  readonly used: number;
  /** Counts the pool's assignments; the one that this agent got last. */
  readonly lastAssigned: number;
}

/** What a strategy may know of a task. */
export interface TaskView {
  readonly capability: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly workId: string;
  readonly attempt: number;
}
