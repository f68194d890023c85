/** Demands of tasks, and the cohorts that match them. A demand does not know the type of its shares. */
import type { Agent, Cohort } from "../agents/agent.ts";
import type { WaitLog } from "../waits/wait-log.ts";
import type { Fit, Requirements } from "./requirements.ts";

/** The demand of tasks: tasks with the same demand wait for the same agents. */
export interface Demand<Share = { readonly size: number }> {
  readonly key: string;
  readonly requirements: Requirements;
  readonly fit: Fit;
  /** The matching cohorts, the preferred ones first. */
  readonly matches: readonly CohortMatch[];
  /** Whether some matches are preferred to others. */
  readonly picky: boolean;
  /** Profiles and tasks that refer to the demand. At 0 it is forgotten. */
  uses: number;
  readonly shares: Iterable<Share>;
  /** Tasks that wait with their gangs, in no share. */
  ganged: number;
  /** Why tasks with this demand waited. */
  readonly waits: WaitLog;
  /** Returns the share of a party. Its weight is the last one passed. */
  shareOf(party: string, weight?: number): Share;
}

/** A cohort that matches a demand. */
export interface CohortMatch {
  readonly demand: Demand;
  readonly cohort: Cohort;
  readonly waitGroup: WaitGroup;
  /** The number of the capability in the version that is used there. */
  readonly number: number;
  readonly version: string;
  /** The share of preferred labels that the cohort has, 0 to 1. */
  readonly preference: number;
}

/** Tasks that wait at a cohort with the same demand on the one agent, as the choice of an agent sees them. */
export interface WaitGroup {
  readonly fit: Fit;
  /** Whether all agents of the cohort with room are fit. */
  readonly plain: boolean;
  /** Whether a task here may find an agent. */
  readonly isLive: boolean;
  /** Agents that may have become fit since all were checked. Undefined if all have to be checked. */
  narrow: Agent[] | undefined;
  /** Parks the group because no ready agent is fit. */
  park(): void;
}
