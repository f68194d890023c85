/** What the engine took besides the work, as the record of a session shows it. */
import { type Delays, noDelays } from "../execution/delays.ts";
import { medianOf } from "../structures/median.ts";
import type { Problem } from "../work/problem.ts";
import type { Taken } from "../work/work.ts";
import type { PartMode } from "./cut.ts";
import type { EngineDelays } from "./engines.ts";
import type { RecordedAgent, RecordedSession } from "./recorded.ts";

/** What started so close together was given in the order of the line. */
const sameMs = 15;

/**
 * Of each task: from when it could start at its agent until it did. It could when all that it needed had ended and the
 * agent had a slot. What a plan held back could when the plan gave it away, and as long after as plans take to do that.
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
    const freeMs = rooms.get(agentId)?.take(startMs, endMs) ?? 0;
    couldMs[task] = Math.min(startMs, Math.max(freeMs, readyMsOf(session, problem, task)));
  }
  const decisions = [...new Set(tasks.flatMap(({ decideMs }) => decideMs ?? []))].sort(
    (one, other) => one - other,
  );
  /** Until it was decided about for the first time. The plan held back what it did not start then. */
  const untilHeard = (task: number) => {
    const could = couldMs[task] ?? 0;
    const heardMs = decisions[countBelow(decisions, could)] ?? could;
    return { waitMs: Math.max(0, heardMs - could), isHeld: heardMs < (tasks[task]?.decideMs ?? 0) };
  };
  const hopMs = medianOf(
    tasks.flatMap(({ decideMs }, task) => {
      const { waitMs, isHeld } = untilHeard(task);
      return decideMs === undefined || isHeld ? [] : [waitMs];
    }),
  );
  return tasks.map(({ startMs, decideMs, partMode = "workflow" }, task) => {
    const { endMs } = usual[mode === "hybrid" ? partMode : mode];
    const could = couldMs[task] ?? 0;
    if (decideMs === undefined) return { ...noDelays, beginMs: startMs - could, endMs };
    const decided = Math.min(startMs, Math.max(could, decideMs));
    const { waitMs, isHeld } = untilHeard(task);
    const hop = isHeld ? hopMs : waitMs;
    return { ...noDelays, beginMs: startMs - decided + Math.min(hop, decided - could), endMs };
  });
}

/** Returns how many of the sorted are below. */
function countBelow(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Slots of an agent, by when each is free. */
class Room {
  readonly #freeMs: number[];
  readonly #taken: Omit<Taken, "agent">[];

  constructor({ slots, joinMs = 0, taken = [] }: RecordedAgent) {
    this.#freeMs = new Array<number>(slots).fill(joinMs);
    this.#taken = taken.toSorted((one, other) => one.fromMs - other.fromMs);
  }

  /** Since when there was a slot for what started then. */
  take(startMs: number, endMs: number): number {
    for (let [span] = this.#taken; span !== undefined && span.fromMs < startMs; [span] = this.#taken) {
      this.#taken.shift();
      this.#give(span.untilMs);
    }
    return this.#give(endMs);
  }

  /** Returns the one that is free first, until then. */
  #give(untilMs: number): number {
    const freeMs = Math.min(...this.#freeMs);
    const slot = this.#freeMs.indexOf(freeMs);
    this.#freeMs[slot] = Math.max(freeMs, untilMs);
    return freeMs;
  }
}

/** As usual, and longer by as much as the engine that was used took longer than it usually does: all had the same machine. */
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
 * Agents in the order in which they were given their first task: pools start with those that they gave nothing for
 * longest. Plans have an order of their own, which tells nothing of that.
 */
export function askedBefore({ mode, tasks, agents }: RecordedSession): readonly number[] {
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
  // Of those that started together the first in the line went first.
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

/** When it was there and the last thing that it needed had ended. */
function readyMsOf({ tasks }: RecordedSession, { before }: Problem, task: number): number {
  const { addedMs = 0, foundBy } = tasks[task] ?? {};
  let readyMs = foundBy === undefined ? addedMs : 0;
  for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++)
    readyMs = Math.max(readyMs, tasks[before.targets[edge] ?? 0]?.endMs ?? 0);
  return readyMs;
}
