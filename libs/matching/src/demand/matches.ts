/** What tasks ask for together, and the cohorts that will do. A demand does not know the type of its shares. */
import type { Agent, Cohort } from "../agents/agent.ts";
import type { WaitLog } from "../waits/wait-log.ts";
import type { Fit, Requirements } from "./requirements.ts";

/** The demand of tasks: tasks with the same demand wait for the same agents. */
export interface Demand<Share = { readonly size: number }> {
  readonly key: string;
  readonly requirements: Requirements;
  readonly fit: Fit;
  /** Those which will do, the preferred ones first. */
  readonly matches: readonly CohortMatch[];
  /** Whether some matches are preferred to others. */
  readonly picky: boolean;
  /** Profiles and tasks that refer to it: without any it is forgotten. */
  uses: number;
  readonly shares: Iterable<Share>;
  /** Tasks that wait with their gangs, in no share. */
  ganged: number;
  /** Why those waited who asked for it. */
  readonly waits: WaitLog;
  /** Its weight is the last one passed. */
  shareOf(party: string, weight?: number): Share;
}

/** A cohort that will do. */
export interface CohortMatch {
  readonly demand: Demand;
  readonly cohort: Cohort;
  readonly waitGroup: WaitGroup;
  /** The capability in the version that is used there, by its number. */
  readonly number: number;
  readonly version: string;
  /** The share of preferred labels that it has, 0 to 1. */
  readonly preference: number;
}

/** Those who wait at a cohort and ask the same of the one agent, as far as choosing an agent needs it. */
export interface WaitGroup {
  readonly fit: Fit;
  /** Whether all agents of the cohort with room are fit. */
  readonly plain: boolean;
  /** Whether a task here may find an agent. */
  readonly isLive: boolean;
  /** The agents that can have become fit since all were checked. Undefined when all have to be. */
  narrow: Agent[] | undefined;
  /** No ready agent is fit. */
  putAside(): void;
}
