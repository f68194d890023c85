import type { Graph } from "../graph/graph.ts";

/** Tasks to be planned, by numbers. */
export interface Work {
  readonly graph: Graph;
  /** How long each takes at a pace of 1. */
  readonly sizesMs: ArrayLike<number>;
  /** Which demand each has: tasks of one demand can be done by the same agents, at the same paces. Absent: one for all. */
  readonly demands?: ArrayLike<number>;
  /** None starts before. Absent: at once. */
  readonly releaseMs?: ArrayLike<number>;
  /** How long it takes to move a task's output to another agent. Absent: no time. */
  readonly moveMs?: ArrayLike<number>;
  /** 1 if the task is unknown before what it needs has ended: that found it. Absent: all are known. */
  readonly grown?: ArrayLike<number>;
  /** The agent that a task is at or must go to; -1 where any will do. Absent: any. */
  readonly pinned?: ArrayLike<number>;
}

/** Agents to plan on, by numbers. */
export interface Fleet {
  /** How many tasks each does at once. */
  readonly slots: ArrayLike<number>;
  /**
   * By which factor a task takes longer than its size: for each demand, one after the other, a number per agent.
   * `Infinity`: cannot do it.
   */
  readonly paces: ArrayLike<number>;
  /** When each comes. Absent: is there. */
  readonly joinMs?: ArrayLike<number>;
  /** When each leaves. What has not ended by then is lost. Absent: stays. */
  readonly leaveMs?: ArrayLike<number>;
  /** When each slot is free, agent by agent. For running work already. Absent: as soon as its agent is there. */
  readonly slotFreeMs?: ArrayLike<number>;
  /** When slots are taken by others. Who has none that is free gives the next that is. Absent: never. */
  readonly taken?: readonly Taken[];
}

/** A slot of an agent that others have for a while. */
export interface Taken {
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
