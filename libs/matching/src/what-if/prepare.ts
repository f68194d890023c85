/**
 * Turns a recording into the input of a replay: jobs with their arrivals, their durations at agents, and
 * their ends.
 *
 * 1. Work causes work. The first attempt of a run arrives at its recorded time. A later one arrives after the
 *    end that caused it, with the recorded delay: a retry after its failure, any other task after the last
 *    earlier end in its run. So with a faster pool, tasks arrive earlier.
 * 2. The recorded duration of a task at an agent includes everything: the way there, the start, the way back.
 * 3. A pool assigns with a delay: for a task that finds a free slot, and for a freed slot while tasks wait.
 *    Both delays are measured, not assumed.
 * 4. An agent that takes longer than others for the same capability takes longer in a replay as well.
 */
import { quantile, sortedCopy } from "@tutti/analysis";
import type { RecordedAgent, RecordedAttempt, Recording } from "./recording.ts";

/** A task that is offered once, and its parts: an agent may answer busy, or yield, before it is done. */
export interface Job {
  readonly first: RecordedAttempt;
  readonly parts: readonly JobPart[];
  /** The job whose end causes it. -1 if none does. */
  readonly cause: number;
  /** Delay from that end, or from the start of the recording, to its offer. */
  readonly afterMs: number;
  /** The job of the first attempt, whose queueing time counts for its order. -1 for its own. */
  readonly readyOf: number;
  /** Delay from the first queueing to the offer. */
  readonly waitedMs: number;
  /** Delay from the offer to the assignment, if a slot was free. */
  readonly lateMs: number;
  readonly dueAfterMs: number;
}

export interface JobPart {
  readonly occupiedMs: number;
  /** Delay from its end until the slot takes another task. */
  readonly hopMs: number;
  readonly agentId: string;
  readonly status: string;
  readonly money: number;
}

export interface Prepared {
  readonly jobs: readonly Job[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Factor by which an agent is slower than others. 1 if unknown. */
  readonly slowness: ReadonlyMap<string, number>;
  /** Delays from the end of a task to the next one in the same slot, while tasks waited. Ascending. */
  readonly hopsMs: readonly number[];
}

/** Minimum number of attempts for the speed of an agent. */
const speedMin = 10;
/** A difference in speed below this is noise. */
const speedFrom = 0.1;

export function prepareReplay({ attempts, agents }: Recording): Prepared {
  const ordered = attempts.toSorted((one, other) => one.offeredMs - other.offeredMs);
  const hops = hopsOf(ordered, agents);
  const usualHopMs = quantile(hops.measured, 0.5) || 0;
  const fromMs = ordered[0]?.offeredMs ?? 0;
  const byOffer = [...Map.groupBy(ordered, offerKey).values()].map((parts) =>
    parts.toSorted((one, other) => one.assignedMs - other.assignedMs),
  );
  const causes = causesOf(byOffer);
  const jobs = byOffer.map((parts, at): Job => {
    const [first] = parts as [RecordedAttempt];
    const { cause, sinceMs, readyOf } = causes[at] ?? { cause: -1, sinceMs: undefined, readyOf: -1 };
    return {
      first,
      cause,
      readyOf,
      afterMs: Math.max(0, first.offeredMs - (sinceMs ?? fromMs)),
      waitedMs: Math.max(0, first.offeredMs - first.readyMs),
      lateMs: hops.late.get(first) ?? 0,
      dueAfterMs: first.dueMs === 0 ? 0 : Math.max(1, first.dueMs - first.offeredMs),
      parts: parts.map((part) => ({
        occupiedMs: part.endedMs - part.assignedMs,
        hopMs: hops.after.get(part) ?? usualHopMs,
        agentId: part.agentId,
        status: part.status,
        money: part.money,
      })),
    };
  });
  const toMs = attempts.reduce((last, { endedMs }) => Math.max(last, endedMs), fromMs);
  return { jobs, fromMs, toMs, slowness: slownessOf(attempts), hopsMs: hops.measured };
}

function taskKey({ kind, workId, task, isCopy }: RecordedAttempt): string {
  return `${kind}/${workId}/${task}/${isCopy ? "copy" : ""}`;
}

function offerKey(attempt: RecordedAttempt): string {
  return `${taskKey(attempt)}/${attempt.attempt}/${attempt.offeredMs}`;
}

interface Cause {
  readonly cause: number;
  readonly sinceMs: number | undefined;
  readonly readyOf: number;
}

/** Returns the cause of each offer, in the order of the offers. */
function causesOf(offers: readonly (readonly RecordedAttempt[])[]): Cause[] {
  const causes: Cause[] = offers.map(() => ({ cause: -1, sinceMs: undefined, readyOf: -1 }));
  const ofWork = Map.groupBy(offers.keys(), (at) => `${offers[at]?.[0]?.kind}/${offers[at]?.[0]?.workId}`);
  for (const numbers of ofWork.values()) {
    const ends = numbers
      .map((at) => ({ at, endedMs: offers[at]?.at(-1)?.endedMs ?? 0 }))
      .toSorted((one, other) => one.endedMs - other.endedMs);
    const firstOf = new Map<string, number>();
    const latestOf = new Map<string, number>();
    let ended = 0;
    for (const at of numbers) {
      const [first] = offers[at] as [RecordedAttempt];
      while (ended < ends.length && (ends[ended]?.endedMs ?? 0) <= first.offeredMs) ended++;
      const key = taskKey(first);
      const before = latestOf.get(key);
      const endOf = (job: number) => offers[job]?.at(-1)?.endedMs ?? 0;
      const cause = before !== undefined && endOf(before) <= first.offeredMs ? before : ends[ended - 1]?.at;
      const readyOf = first.attempt > 1 ? (firstOf.get(key) ?? -1) : -1;
      if (cause !== undefined) causes[at] = { cause, sinceMs: endOf(cause), readyOf };
      if (!firstOf.has(key)) firstOf.set(key, at);
      latestOf.set(key, at);
    }
  }
  return causes;
}

interface Hops {
  readonly measured: readonly number[];
  /** Delay from the end of an attempt to the next one in its slot. */
  readonly after: ReadonlyMap<RecordedAttempt, number>;
  /** Delays of attempts that found a free slot. */
  readonly late: ReadonlyMap<RecordedAttempt, number>;
}

/** Measures the delays. The slot that has been free for longest is filled first. */
function hopsOf(attempts: readonly RecordedAttempt[], agents: readonly RecordedAgent[]): Hops {
  const measured: number[] = [];
  const after = new Map<RecordedAttempt, number>();
  const late = new Map<RecordedAttempt, number>();
  const slots = new AgentSlots(attempts, agents);
  const turns = sortedCopy(attempts.map(({ assignedMs }) => assignedMs));
  for (const own of Map.groupBy(attempts, ({ agentId }) => agentId).values()) {
    const starts = own.toSorted((one, other) => one.assignedMs - other.assignedMs);
    const ends = own.toSorted((one, other) => one.endedMs - other.endedMs);
    let free = 0;
    for (const next of starts) {
      const before = ends[free];
      const hasBefore = before !== undefined && before.endedMs <= next.assignedMs;
      if (hasBefore) free++;
      if (slots.hasFree(next)) late.set(next, turnAfter(turns, next.offeredMs) - next.offeredMs);
      else if (hasBefore && before.endedMs >= next.offeredMs) {
        const hopMs = next.assignedMs - before.endedMs;
        measured.push(hopMs);
        after.set(before, hopMs);
      }
    }
  }
  return { measured: sortedCopy(measured), after, late };
}

/** Number of agents that are checked for a free slot. */
const agentsCheckedMax = 64;

/** A slot that becomes free at the time of an offer counts as free. */
const tick = 1e-3;

/** Times at which slots of agents were free. */
class AgentSlots {
  readonly #agents: readonly RecordedAgent[];
  readonly #starts = new Map<string, readonly number[]>();
  readonly #ends = new Map<string, readonly number[]>();

  constructor(attempts: readonly RecordedAttempt[], agents: readonly RecordedAgent[]) {
    this.#agents = agents;
    for (const [agentId, own] of Map.groupBy(attempts, (each) => each.agentId)) {
      this.#starts.set(agentId, sortedCopy(own.map(({ assignedMs }) => assignedMs)));
      this.#ends.set(agentId, sortedCopy(own.map(({ endedMs }) => endedMs)));
    }
  }

  /** Returns whether an agent with the capability had a free slot at the time of the offer. */
  hasFree({ capability, offeredMs, agentId }: RecordedAttempt): boolean {
    let checked = 0;
    for (const agent of this.#agents) {
      if (agent.fromMs > offeredMs || agent.toMs < offeredMs) continue;
      if (!agent.capabilities.some(({ name }) => name === capability)) continue;
      const starts = firstFrom(this.#starts.get(agent.agentId) ?? [], offeredMs);
      const ends = firstFrom(this.#ends.get(agent.agentId) ?? [], offeredMs + tick);
      if (starts - ends < agent.slots && (agent.agentId === agentId || checked < agentsCheckedMax))
        return true;
      checked++;
    }
    return false;
  }
}

/** Returns the time of the next assignment in the pool. Only the delay until then counts as its delay. */
function turnAfter(turns: readonly number[], offeredMs: number): number {
  return turns[firstFrom(turns, offeredMs)] ?? offeredMs;
}

/** Returns the index of the first of ascending values that is not below a limit. */
function firstFrom(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function slownessOf(attempts: readonly RecordedAttempt[]): Map<string, number> {
  const logs = new Map<string, number[]>();
  for (const alike of Map.groupBy(attempts, ({ capability }) => capability).values()) {
    const durations = (list: readonly RecordedAttempt[]) =>
      sortedCopy(
        list.filter(({ status }) => status === "completed").map((each) => each.endedMs - each.assignedMs),
      );
    const usualMs = quantile(durations(alike), 0.5);
    for (const [agentId, own] of Map.groupBy(alike, (each) => each.agentId)) {
      const times = durations(own);
      if (times.length < speedMin || !(usualMs > 0)) continue;
      const ratio = quantile(times, 0.5) / usualMs;
      if (ratio > 0) logs.set(agentId, [...(logs.get(agentId) ?? []), Math.log(ratio)]);
    }
  }
  return new Map(
    [...logs].flatMap(([agentId, ratios]) => {
      const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
      return Math.abs(mean) < speedFrom ? [] : [[agentId, Math.exp(mean)] as const];
    }),
  );
}
