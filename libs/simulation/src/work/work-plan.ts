import type { PoolScene } from "../pools/pool-scene.ts";

/** Missions and runs whose tasks meet the same agents in one pool, and what befalls them. */
export interface WorkPlan {
  readonly pool: PoolScene["plan"];
  readonly missions: readonly PlannedWork[];
  readonly runs: readonly PlannedWork[];
  /** Agents that come to boards by themselves. They have the names of agents of the pool, and what these can do. */
  readonly actors: readonly PlannedActor[];
  /** How often people do something to a mission, a minute. */
  readonly peoplePerMinute: number;
  /** Share of the attempts of agents that fail. */
  readonly failures: number;
  /** Bounds by key, which override those of tasks. */
  readonly limits: Readonly<Record<string, number>>;
}

/** A mission by the name of its definition, or a run. */
export interface PlannedWork {
  readonly id: string;
  /** Whose it is, and all that it starts. `default` by default. */
  readonly namespace?: string;
  readonly atMs: number;
  /** The specification of a mission as JSON, or the name of a run's definition. */
  readonly what: unknown;
}

export interface PlannedActor {
  readonly id: string;
  /** How long it rests between two things that it does. */
  readonly paceMs: number;
  /** How long it is dead when it dies. 0 for one that does not. */
  readonly deadMs: number;
}
