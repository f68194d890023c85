import type { PoolScene } from "../pools/pool-scene.ts";

/** Missions and runs whose tasks meet the same agents in one pool, and their faults. */
export interface WorkPlan {
  readonly pool: PoolScene["plan"];
  readonly missions: readonly PlannedWork[];
  readonly runs: readonly PlannedWork[];
  /** Agents that come to boards by themselves. They have the names and capabilities of agents of the pool. */
  readonly actors: readonly PlannedActor[];
  /** Rate of actions of people on a mission, per minute. */
  readonly peoplePerMinute: number;
  /** Share of the attempts of agents that fail. */
  readonly failures: number;
  /** Limits by key, which override those of tasks. */
  readonly limits: Readonly<Record<string, number>>;
}

/** A mission by the name of its definition, or a run. */
export interface PlannedWork {
  readonly id: string;
  /** Its namespace, also for all that it starts. Default: `default`. */
  readonly namespace?: string;
  readonly atMs: number;
  /** The specification of a mission as JSON, or the name of a run's definition. */
  readonly what: unknown;
}

export interface PlannedActor {
  readonly id: string;
  /** Pause between two actions. */
  readonly paceMs: number;
  /** Duration of a death. 0 for an agent that does not die. */
  readonly deadMs: number;
}
