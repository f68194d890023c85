/** What a scaler keeps to, with every default filled in, and what it looks at. All times are milliseconds. */
import type { Scaler, ScalingWindow } from "@tutti/contracts/swarm/v1";

const scalingDefaults = { maxAgents: 100, targetWaitMs: 5_000, coolDownMs: 60_000, idleMs: 60_000 } as const;

/** How far ahead a scaler looks at least, and at most: about as long as agents take to start. */
export const forecastLead = { leastMs: 60_000, mostMs: 1_800_000 } as const;

export interface ScalingRules {
  readonly minAgents: number;
  readonly maxAgents: number;
  /** How long a task may wait before more agents are wanted. */
  readonly targetWaitMs: number;
  /** How long after a change no agents are taken away. */
  readonly coolDownMs: number;
  /** How long agents have had nothing to do when they are taken away. */
  readonly idleMs: number;
  readonly paused: boolean;
  readonly windows: readonly ScalingWindow[];
}

/** How much there is to do, and who is there for it. */
export interface Load {
  /** Tasks that wait, here and where they came from, and for how long the one that waits longest. */
  readonly queued: number;
  readonly longestWaitMs: number;
  /** Attempts running. */
  readonly running: number;
  /** Tasks that came and that ended, per second, over the last minute. */
  readonly arrivalsPerSec: number;
  readonly finishesPerSec: number;
  /** Tasks per second that are foreseen, so long ahead that an agent can have started. 0 where nothing is. */
  readonly expectedPerSec: number;
  /** How far ahead that is. */
  readonly leadMs: number;
  /** How long an attempt takes. 0 if unknown. */
  readonly meanMs: number;
  /** Slots of agents that do the same and are not the scaler's. */
  readonly foreignSlots: number;
  /** Slots of the scaler's agents that are awake, how many of them are taken, and how many could take a task this moment. */
  readonly slots: number;
  readonly busySlots: number;
  readonly roomySlots: number;
  /** The scaler's agents that are awake, and those of them that have had nothing to do for long enough. */
  readonly agents: number;
  readonly idleAgents: number;
  /** Whether the pool gives out nothing. */
  readonly isPoolPaused: boolean;
}

/** What a scaler carries from one decision to the next. */
export interface ScalerMemory {
  readonly wanted: number;
  /** When that changed last. */
  readonly changedMs: number;
  /** Whether it was a time in which all sleep. */
  readonly isNight: boolean;
  /** How many tasks one of its agents does at once, as far as they have said. */
  readonly slotsPerAgent: number;
}

/** A scaler that has decided nothing yet. */
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
