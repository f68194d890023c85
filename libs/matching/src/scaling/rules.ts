/** The rules of a scaler with every default filled in, and its inputs. All times are milliseconds. */
import type { Scaler, ScalingWindow } from "@tutti/contracts/swarm/v1";

const scalingDefaults = { maxAgents: 100, targetWaitMs: 5_000, coolDownMs: 60_000, idleMs: 60_000 } as const;

/** Minimum and maximum of the time that a scaler looks ahead: about as long as agents take to start. */
export const forecastLead = { leastMs: 60_000, mostMs: 1_800_000 } as const;

export interface ScalingRules {
  readonly minAgents: number;
  readonly maxAgents: number;
  /** Waiting time of a task above which more agents are wanted. */
  readonly targetWaitMs: number;
  /** Time after a change in which no agents are removed. */
  readonly coolDownMs: number;
  /** Idle time after which agents are removed. */
  readonly idleMs: number;
  readonly paused: boolean;
  readonly windows: readonly ScalingWindow[];
}

/** The work of a pool, and the agents for it. */
export interface Load {
  /** Waiting tasks, here and at their senders, and the longest of their waits. */
  readonly queued: number;
  readonly longestWaitMs: number;
  /** Number of running attempts. */
  readonly running: number;
  /** Tasks that arrived and that ended, per second, over the last minute. */
  readonly arrivalsPerSec: number;
  readonly finishesPerSec: number;
  /** Expected tasks per second at the time when an agent that starts now is ready. 0 without a forecast. */
  readonly expectedPerSec: number;
  /** How far that time is ahead. */
  readonly leadMs: number;
  /** Mean duration of an attempt. 0 if unknown. */
  readonly meanMs: number;
  /** Slots of agents with the same capabilities that are not the scaler's, by their learned concurrency. */
  readonly foreignSlots: number;
  /** Those of them in use. */
  readonly foreignBusySlots: number;
  /** Slots of the scaler's awake agents: all, those in use, and those that could take a task now. */
  readonly slots: number;
  readonly busySlots: number;
  readonly roomySlots: number;
  /** The scaler's awake agents, and those of them that have been idle long enough. */
  readonly agents: number;
  readonly idleAgents: number;
  /** True if the pool assigns nothing. */
  readonly isPoolPaused: boolean;
}

/** The state of a scaler between decisions. */
export interface ScalerMemory {
  readonly wanted: number;
  /** Time of the last change. */
  readonly changedMs: number;
  /** True if it was a time in which all agents sleep. */
  readonly isNight: boolean;
  /** Slots of one agent, as far as its agents have reported. */
  readonly slotsPerAgent: number;
}

/** The state of a scaler before its first decision. */
export const newcomer: ScalerMemory = {
  wanted: 0,
  changedMs: Number.NEGATIVE_INFINITY,
  isNight: false,
  slotsPerAgent: 1,
};

export function scalingRulesOf(scaler: Scaler): ScalingRules {
  const { minAgents, windows, paused } = scaler;
  const maxAgents = scaler.maxAgents || scalingDefaults.maxAgents;
  return {
    minAgents,
    maxAgents,
    windows,
    paused,
    targetWaitMs: scaler.targetWaitMs || scalingDefaults.targetWaitMs,
    coolDownMs: scaler.coolDownMs || scalingDefaults.coolDownMs,
    idleMs: scaler.idleMs || scalingDefaults.idleMs,
  };
}
