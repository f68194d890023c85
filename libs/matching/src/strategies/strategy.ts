/**
 * The rule by which an agent is chosen among those that can do a task and have room for it.
 *
 * Agents that are alike are ordered by their ranks, which change with their work. So choosing the first costs
 * the logarithm of their number. A strategy can also use the task. It judges the first few agents, or
 * sends tasks with the same key to the agent of the last one. It can also give each key a place on a circle of agents.
 */
export interface Strategy {
  /** The name in the contracts: `least_loaded`. */
  readonly name: string;

  /** The name with the configured weights: `auction(load=2)`. Absent: the name alone. */
  readonly text?: string;

  /** Returns the rank of an agent: smaller goes first. It may depend only on the argument. */
  rank(agent: AgentLoad): number;

  /** Returns how good the agent would be for the task: larger is better. Absent: the first in the order. */
  readonly judge?: (agent: AgentLoad, task: TaskView, times: Times) => number;

  /** Returns the key whose last agent is tried first, for tasks without a sticky key of their own. */
  readonly stickTo?: (task: TaskView) => string;

  /** Returns the key that has a place among the agents. It moves only if the next agent leaves or is full. */
  readonly placeBy?: (task: TaskView) => string;
}

/** The facts about an agent that a strategy may use. */
export interface AgentLoad {
  readonly agentId: string;
  /** Current concurrency. */
  readonly slots: number;
  /** Number of its tasks. */
  readonly used: number;
  /** Number of its last assignment, counted over the pool. */
  readonly lastAssigned: number;
  /** Factor by which it is slower than others. 1 if not learned yet. */
  readonly slowness: number;
  /** Returns the reported cost of one use of a capability, in money. 0 if not reported. */
  costOf(capability: string): number;
}

/** The facts about a task that a strategy may use. */
export interface TaskView {
  readonly capability: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly workId: string;
  readonly attempt: number;
  /** The sticky key of its definition. Empty if it has none. */
  readonly key: string;
}

/** The learned durations of attempts. */
export interface Times {
  /** Returns undefined if nothing is known of the capability. */
  expectedMs(agentId: string, capability: string): number | undefined;
}
