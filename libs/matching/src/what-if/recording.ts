/** The recorded work of a pool, and the changes of a replay. */

/** One assignment of a task to an agent. Times in milliseconds since 1970, by the clock of the pool. */
export interface RecordedAttempt {
  readonly namespace: string;
  readonly kind: string;
  readonly workId: string;
  readonly task: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly definition: string;
  readonly capability: string;
  readonly agentId: string;
  readonly slots: number;
  readonly priority: number;
  /** Key of its share of the agents. Empty for that of its namespace. */
  readonly share: string;
  /** First queueing of the task: a retry keeps its place in the queue. */
  readonly readyMs: number;
  readonly offeredMs: number;
  readonly assignedMs: number;
  /** When the slot of the agent was free again. */
  readonly endedMs: number;
  /** 0 for never. */
  readonly dueMs: number;
  readonly isCopy: boolean;
  /** `completed`, `failed`, `cancelled`, `busy`, `lost` or `yielded`. */
  readonly status: string;
  readonly money: number;
  /** Fields of `OfferProfile` and `Offer`, as JSON. Empty if any agent with the capability would do. */
  readonly demand: string;
}

export interface RecordedAgent {
  readonly agentId: string;
  /** The recorded agent with the same speed. */
  readonly likeId: string;
  readonly slots: number;
  readonly capabilities: readonly OfferedCapability[];
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, number>>;
  /** Time of its presence. Infinite for before and after the recording. */
  readonly fromMs: number;
  readonly toMs: number;
}

interface OfferedCapability {
  readonly name: string;
  readonly version: string;
  readonly money: number;
}

export interface Recording {
  readonly namespace: string;
  readonly pool: string;
  readonly attempts: readonly RecordedAttempt[];
  readonly agents: readonly RecordedAgent[];
}

/** The changes of a replay. Undefined for no change. */
export interface Scenario {
  /** Number of workers, present all the time, alike to those of the recording. */
  readonly workers: number | undefined;
  /** Slots of each worker. */
  readonly slots: number | undefined;
  /** Factor of work per time. */
  readonly load: number | undefined;
}

export const asItWas: Scenario = { workers: undefined, slots: undefined, load: undefined };

/** One assignment of a task to an agent, in the past or in a replay. */
export interface Placed {
  readonly namespace: string;
  readonly share: string;
  readonly capability: string;
  readonly agentId: string;
  readonly readyMs: number;
  readonly assignedMs: number;
  readonly endedMs: number;
  readonly dueMs: number;
  readonly status: string;
  readonly money: number;
  readonly isCopy: boolean;
}
