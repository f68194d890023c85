/**
 * How an agent is chosen among those that can do a task and have room for it.
 *
 * Agents that are alike are ordered by their ranks, which change with their work: choosing the first costs
 * the logarithm of their number. A strategy can also look at the task. It judges the first few agents, sends
 * tasks with the same key to the agent of the last one, or gives each key a place on a circle of agents.
 */
export interface Strategy {
  /** As in the contracts: `least_loaded`. */
  readonly name: string;

  /** The name with the weights that are set: `auction(load=2)`. Absent: the name alone. */
  readonly text?: string;

  /** Where an agent stands: smaller goes first. It may rest on nothing but what is given. */
  rank(agent: AgentLoad): number;

  /** How good the agent would be for the task: greater is better. Absent: the first in the order is taken. */
  readonly judge?: (agent: AgentLoad, task: TaskView, times: Times) => number;

  /** The key whose last task tells which agent is asked first, for tasks that have none of their own. */
  readonly stickTo?: (task: TaskView) => string;

  /** The key that has a place among the agents, so that it moves only when the one whose place is next goes or is full. */
  readonly placeBy?: (task: TaskView) => string;
}

/** What a strategy may know of an agent. */
export interface AgentLoad {
  readonly agentId: string;
  /** How many tasks it takes at once. */
  readonly slots: number;
  /** How many it has. */
  readonly used: number;
  /** Counts the pool's assignments. The one that this agent got last. */
  readonly lastAssigned: number;
  /** How many times as long as others it takes, as far as that was learned. 1 while it was not. */
  readonly slowness: number;
  /** What it says that one use of a capability costs, in money. 0 where it does not say. */
  costOf(capability: string): number;
}

/** What a strategy may know of a task. */
export interface TaskView {
  readonly capability: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly workId: string;
  readonly attempt: number;
  /** The key that its definition gave it, to stay with one agent. Empty where none. */
  readonly key: string;
}

/** What was learned of how long attempts take. */
export interface Times {
  /** Undefined while nothing is known of the capability. */
  expectedMs(agentId: string, capability: string): number | undefined;
}
