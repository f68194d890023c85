import type { Graph } from "../graph/graph.ts";

/** Tasks to be planned, by numbers. */
export interface Work {
  readonly graph: Graph;
  /** Duration of each at a pace of 1. */
  readonly sizesMs: ArrayLike<number>;
  /** The demand of each: the same agents do its tasks, at the same paces. Absent: one for all. */
  readonly demands?: ArrayLike<number>;
  /** The earliest start of each. Absent: at once. */
  readonly releaseMs?: ArrayLike<number>;
  /** Time to move a task's output to another agent. Absent: 0. */
  readonly moveMs?: ArrayLike<number>;
  /** 1 if the task is unknown until its needs have ended: they found it. Absent: all are known. */
  readonly grown?: ArrayLike<number>;
  /** The required agent of a task. -1 for any. Absent: any. */
  readonly pinned?: ArrayLike<number>;
}

/** Agents to plan on, by numbers. */
export interface Fleet {
  /** Concurrency of each. */
  readonly slots: ArrayLike<number>;
  /**
   * Factor of the duration over the size: for each demand, one after the other, a number per agent.
   * `Infinity`: cannot do it.
   */
  readonly paces: ArrayLike<number>;
  /** When each joins. Absent: present. */
  readonly joinMs?: ArrayLike<number>;
  /** When each leaves. Unfinished tasks are lost. Absent: stays. */
  readonly leaveMs?: ArrayLike<number>;
  /** When each slot is free of running work, agent by agent. Absent: when its agent is present. */
  readonly slotFreeMs?: ArrayLike<number>;
  /** When others take slots. If none is free, they get the next free one. Absent: never. */
  readonly taken?: readonly ForeignUse[];
}

/** A slot of an agent that others use for a while. */
export interface ForeignUse {
  readonly agent: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Agents of given speeds that can do everything, one task at a time. */
export function fleetOf(speeds: ArrayLike<number>, slots = 1): Fleet {
  return {
    slots: new Uint32Array(speeds.length).fill(slots),
    paces: Float64Array.from(speeds, (speed) => 1 / speed),
  };
}
