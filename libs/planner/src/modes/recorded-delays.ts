/** The overhead of the engine in addition to the work, by the record of a session. */
import { type Delays, noDelays } from "../execution/delays.ts";
import { medianOf } from "../structures/median.ts";
import type { Problem } from "../work/problem.ts";
import type { ForeignUse } from "../work/work.ts";
import type { PartMode } from "./cut.ts";
import type { EngineDelays } from "./engines.ts";
import type { RecordedAgent, RecordedSession } from "./recorded.ts";

/** Starts within this time are regarded as one round of the line. */
const sameMs = 15;

/**
 * Returns the delay of each task: from its possible start at its agent until its actual start. A start is
 * possible when all needs have ended and the agent has a slot. For a task that a plan held back: when the
 * plan assigned it, plus the usual delay of plans.
 */
export function ownDelays(
  session: RecordedSession,
  problem: Problem,
  usual: EngineDelays,
): readonly Delays[] {
  const { mode, tasks, agents } = session;
  const rooms = new Map(agents.map((agent) => [agent.id, new Room(agent)]));
  const couldMs: number[] = [];
  for (const task of inOrderOfStart(tasks)) {
    const { agentId = "", startMs = 0, endMs = 0 } = tasks[task] ?? {};
    const freeMs = rooms.get(agentId)?.occupy(startMs, endMs) ?? 0;
    couldMs[task] = Math.min(startMs, Math.max(freeMs, readyMsOf(session, problem, task)));
  }
  const decisions = [...new Set(tasks.flatMap(({ decideMs }) => decideMs ?? []))].sort(
    (one, other) => one - other,
  );
  /** Until the first decision about it. The plan held back the tasks that it did not start then. */
  const firstDecision = (task: number) => {
    const could = couldMs[task] ?? 0;
    const decidedMs = decisions[countBelow(decisions, could)] ?? could;
    return { waitMs: Math.max(0, decidedMs - could), isHeld: decidedMs < (tasks[task]?.decideMs ?? 0) };
  };
  const hopMs = medianOf(
    tasks.flatMap(({ decideMs }, task) => {
      const { waitMs, isHeld } = firstDecision(task);
      return decideMs === undefined || isHeld ? [] : [waitMs];
    }),
  );
  return tasks.map(({ startMs, decideMs, partMode = "workflow" }, task) => {
    const { endMs } = usual[mode === "hybrid" ? partMode : mode];
    const could = couldMs[task] ?? 0;
    if (decideMs === undefined) return { ...noDelays, beginMs: startMs - could, endMs };
    const decided = Math.min(startMs, Math.max(could, decideMs));
    const { waitMs, isHeld } = firstDecision(task);
    const hop = isHeld ? hopMs : waitMs;
    return { ...noDelays, beginMs: startMs - decided + Math.min(hop, decided - could), endMs };
  });
}

/** Returns how many of the sorted values are below. */
function countBelow(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Slots of an agent, with the times at which they become free. */
class Room {
  readonly #freeMs: number[];
  readonly #foreignUse: Omit<ForeignUse, "agent">[];

  constructor({ slots, joinMs = 0, taken = [] }: RecordedAgent) {
    this.#freeMs = new Array<number>(slots).fill(joinMs);
    this.#foreignUse = taken.toSorted((one, other) => one.fromMs - other.fromMs);
  }

  /** Returns since when there was a slot for a start. */
  occupy(startMs: number, endMs: number): number {
    for (let [use] = this.#foreignUse; use !== undefined && use.fromMs < startMs; [use] = this.#foreignUse) {
      this.#foreignUse.shift();
      this.#occupyFirst(use.untilMs);
    }
    return this.#occupyFirst(endMs);
  }

  /** Returns when the first slot becomes free, and takes it until a time. */
  #occupyFirst(untilMs: number): number {
    const freeMs = Math.min(...this.#freeMs);
    const slot = this.#freeMs.indexOf(freeMs);
    this.#freeMs[slot] = Math.max(freeMs, untilMs);
    return freeMs;
  }
}

/** Returns the usual delays, plus the excess of the used engine over its own: all had the same machine. */
export function delaysOfOthers(
  { mode, tasks }: RecordedSession,
  own: readonly Delays[],
  usual: EngineDelays,
): EngineDelays {
  if (mode === "hybrid" || tasks.length === 0) return usual;
  const { startMs, turnMs, beginMs, assignMs } = usual[mode];
  const isFirst = tasks.map(({ needs, foundBy }) => needs.length === 0 && foundBy === undefined);
  const firstMs = Math.min(
    ...own.map((delays, task) => (isFirst[task] ? delays.beginMs : Number.POSITIVE_INFINITY)),
  );
  const hops = own.flatMap((delays, task) => (isFirst[task] ? [] : [delays.beginMs]));
  const longer = Math.max(0, medianOf(hops) - beginMs - turnMs - assignMs);
  const later = Number.isFinite(firstMs) ? Math.max(0, firstMs - startMs - beginMs) : 0;
  const slowed = (delays: Delays): Delays => ({
    ...delays,
    startMs: delays.startMs + later,
    beginMs: delays.beginMs + longer,
  });
  return {
    workflow: slowed(usual.workflow),
    swarm: slowed(usual.swarm),
    intelligence: slowed(usual.intelligence),
  } satisfies Record<PartMode, Delays>;
}

/**
 * Returns agents in the order of their first tasks: pools start with the least recently used. Plans have
 * another order, which does not show that.
 */
export function lastUseOrderOf({ mode, tasks, agents }: RecordedSession): readonly number[] {
  if (mode === "intelligence") return [];
  const order = inOrderOfStart(tasks);
  const firsts = agents.map(({ id }) => order.find((task) => tasks[task]?.agentId === id) ?? tasks.length);
  const startOf = (task: number) => tasks[task]?.startMs ?? Number.POSITIVE_INFINITY;
  const byStart = agents
    .map((_, agent) => agent)
    .sort((one, other) => {
      const [a = 0, b = 0] = [firsts[one], firsts[other]];
      return startOf(a) === startOf(b) ? a - b : startOf(a) - startOf(b);
    });
  // Of agents that started together, the one with the first task in the line went first.
  const groups: number[][] = [];
  let fromMs = Number.NEGATIVE_INFINITY;
  for (const agent of byStart) {
    const startMs = startOf(firsts[agent] ?? 0);
    if (groups.length === 0 || startMs - fromMs > sameMs) {
      groups.push([]);
      fromMs = startMs;
    }
    groups.at(-1)?.push(agent);
  }
  return groups.flatMap((group) => group.sort((one, other) => (firsts[one] ?? 0) - (firsts[other] ?? 0)));
}

function inOrderOfStart(tasks: RecordedSession["tasks"]): number[] {
  const startOf = (task: number) => tasks[task]?.startMs ?? 0;
  return tasks.map((_, task) => task).sort((one, other) => startOf(one) - startOf(other) || one - other);
}

/** Returns when the task existed and its last need had ended. */
function readyMsOf({ tasks }: RecordedSession, { before }: Problem, task: number): number {
  const { addedMs = 0, foundBy } = tasks[task] ?? {};
  let readyMs = foundBy === undefined ? addedMs : 0;
  for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++)
    readyMs = Math.max(readyMs, tasks[before.targets[edge] ?? 0]?.endMs ?? 0);
  return readyMs;
}
