/**
 * A plan that is followed loosely. Each time an agent could take a task and a task could start, the plan
 * places the most urgent tasks again. It uses the present agents and expectations. Tasks whose start is now are
 * started. Nothing else is fixed.
 *
 * 1. Ranks are those of HEFT over the expected durations. They are recomputed after a share of the tasks has
 *    ended, not each time.
 * 2. The most urgent tasks up to a horizon are placed, also if they are not ready: they reserve a fast agent
 *    against less urgent tasks. Beyond the horizon only ready tasks count. So the work per event does not
 *    grow with the graph.
 * 3. If copies are allowed, an agent without a task to start may run a second copy of a task. It takes one
 *    that runs at a slower agent and is expected to end there later, to overtake a straggler. A long task is
 *    not known to be long in advance.
 * 4. No agent is kept free for ever: a task that waits for another agent is placed again at every event. A
 *    task that waits for something outside of the plan gets no place before it is ready, and neither do the
 *    tasks that need it.
 */
import { FreeTime } from "../plan/free-time.ts";
import { byRank, upwardRanks } from "../plan/ranks.ts";
import type { Problem } from "../work/problem.ts";
import type { Assignment, Dispatcher, Presence } from "./dispatcher.ts";
import type { Outlook } from "./outlook.ts";

/** Number of placed tasks: this many per slot, and at least this many. */
const horizon = { perSlot: 4, least: 128 } as const;
/** Maximum of running attempts of a task. */
const attemptsMax = 4;
/** An agent that is needed before this share of the copy is done makes no copy. */
const neededWithin = 0.1;
/** Median. */
const evenShare = 0.5;
/** One in ten ends later. */
const longShare = 0.9;
/** Ranks are recomputed after this share of the remaining tasks has ended. */
const rerankAfter = 0.02;

export class LivePlan implements Dispatcher {
  readonly #problem: Problem;
  readonly #outlook: Outlook;
  readonly #free: readonly FreeTime[];
  readonly #slotsOf: readonly (readonly number[])[];
  /** End of each task, actual or expected. `Infinity` if unknown. */
  readonly #endMs: Float64Array;
  readonly #state: Uint8Array;
  /** Agent of each task, actual or expected. */
  readonly #agentOf: Int32Array;
  readonly #running = new Map<number, Attempt[]>();
  readonly #copies: boolean;
  #order = new Uint32Array();
  #readyCount = 0;
  #endedSinceRanks = Number.POSITIVE_INFINITY;
  #remaining: number;
  #changed = true;
  #assignments: Assignment[] = [];
  #wakeMs = Number.POSITIVE_INFINITY;
  /** Number of replans. */
  plans = 0;

  constructor(problem: Problem, outlook: Outlook, { copies = false }: { readonly copies?: boolean } = {}) {
    const { tasks, slots, agents, agentOfSlot } = problem;
    this.#problem = problem;
    this.#outlook = outlook;
    this.#free = Array.from({ length: slots }, () => new FreeTime());
    const slotsOf: number[][] = Array.from({ length: agents }, () => []);
    agentOfSlot.forEach((agent, slot) => {
      slotsOf[agent]?.push(slot);
    });
    this.#slotsOf = slotsOf;
    this.#endMs = new Float64Array(tasks);
    this.#state = new Uint8Array(tasks);
    this.#agentOf = new Int32Array(tasks).fill(-1);
    this.#remaining = tasks;
    this.#copies = copies;
  }

  ready(task: number): void {
    this.#outlook.ready(task);
    // Found tasks must be ranked before they can start.
    if (this.#problem.grown[task] === 1) this.#endedSinceRanks = Number.POSITIVE_INFINITY;
    this.#state[task] = states.ready;
    this.#readyCount++;
    this.#changed = true;
  }

  /** Marks a task that needs something outside of the plan, which may need tasks of the plan in turn. */
  waitsOutside(task: number): void {
    this.#state[task] = states.outside;
    this.#endMs[task] = Number.POSITIVE_INFINITY;
  }

  /** Records a task that was started before this plan took over, or that starts by itself at a later time. */
  started(task: number, agent: number, startMs: number): void {
    this.#outlook.ready(task);
    this.#state[task] = states.running;
    this.#agentOf[task] = agent;
    this.#running.set(task, [{ agent, startMs }]);
    this.#changed = true;
  }

  recordEnd(task: number, agent: number, runMs: number, nowMs: number): void {
    this.#state[task] = states.done;
    this.#running.delete(task);
    this.#endMs[task] = nowMs;
    this.#remaining--;
    this.#endedSinceRanks++;
    this.#changed = true;
    this.#outlook.learn(task, agent, runMs);
  }

  joined(): void {
    this.#changed = true;
  }

  lost(task: number, agent: number): void {
    this.#changed = true;
    if (!this.#release(task, agent)) this.#state[task] = states.waiting;
  }

  next(presence: Presence, nowMs: number): Assignment | undefined {
    if (this.#changed || nowMs >= this.#wakeMs) {
      this.#changed = false;
      this.#assignments = this.#replan(presence, nowMs).reverse();
    }
    const next = this.#assignments.pop();
    if (next === undefined) return undefined;
    const { task, agent, insteadOf } = next;
    if (insteadOf !== undefined) this.#release(insteadOf, agent);
    const attempts = this.#running.get(task) ?? [];
    if (attempts.length === 0) {
      this.#readyCount--;
      this.#agentOf[task] = agent;
    }
    this.#state[task] = states.running;
    this.#running.set(task, [...attempts, { agent, startMs: nowMs }]);
    return next;
  }

  /** Returns the agent of a task, actual or expected. -1 if unknown. */
  agentOf(task: number): number {
    return this.#agentOf[task] ?? -1;
  }

  wakeMs(): number {
    return this.#wakeMs;
  }

  /** Returns whether another agent has the task. */
  #release(task: number, agent: number): boolean {
    const others = (this.#running.get(task) ?? []).filter((attempt) => attempt.agent !== agent);
    if (others.length > 0) this.#running.set(task, others);
    else this.#running.delete(task);
    return others.length > 0;
  }

  /** Returns the assignments of now, the most urgent first. */
  #replan(presence: Presence, nowMs: number): Assignment[] {
    const assignments: Assignment[] = [];
    this.#estimateEnds(nowMs);
    const room = new Room(this.#problem.agents, presence, this.#running);
    this.#wakeMs = Number.POSITIVE_INFINITY;
    if (room.remaining === 0 || (this.#readyCount === 0 && !this.#copies)) return assignments;
    this.plans++;
    if (this.#endedSinceRanks >= this.#remaining * rerankAfter) this.#rank();
    this.#updateFreeTimes(room, nowMs);
    let withinHorizon = Math.max(horizon.least, this.#problem.slots * horizon.perSlot);
    let readyRemaining = this.#readyCount;
    const mayContinue = () =>
      room.remaining > 0 && (readyRemaining > 0 || (this.#copies && withinHorizon > 0));
    for (let at = 0; at < this.#order.length && mayContinue(); at++) {
      const task = this.#order[at] ?? 0;
      const state = this.#state[task];
      const isReady = state === states.ready;
      if (!isReady && (state !== states.waiting || withinHorizon <= 0)) continue;
      if (isReady) readyRemaining--;
      withinHorizon--;
      const startMs = this.#place(task, nowMs);
      const agent = this.#agentOf[task] ?? -1;
      // A task may be placed at the same time as its need without duration: it starts after it.
      if (!isReady) continue;
      if (startMs > nowMs) this.#wakeMs = Math.min(this.#wakeMs, startMs);
      if (startMs > nowMs || room.of(agent) === 0) continue;
      assignments.push({ task, agent, ...room.occupy(agent) });
    }
    if (this.#copies) this.#copy(assignments, room, nowMs);
    if (room.remaining > 0)
      for (const task of this.#running.keys()) {
        const endMs = this.#endMs[task] ?? 0;
        if (endMs > nowMs && endMs < this.#wakeMs) this.#wakeMs = endMs;
      }
    return assignments;
  }

  #rank(): void {
    this.#outlook.prepare();
    const usual = new Float64Array(this.#problem.tasks);
    const { grown } = this.#problem;
    // Tasks that will be found are unknown.
    const isUnfinished = (task: number) =>
      this.#state[task] !== states.done && (grown[task] === 0 || this.#state[task] !== states.waiting);
    for (let task = 0; task < usual.length; task++)
      if (isUnfinished(task)) usual[task] = this.#outlook.usualMs(task);
    const order = byRank(this.#problem, upwardRanks(this.#problem, usual));
    this.#order = order.filter(isUnfinished);
    this.#endedSinceRanks = 0;
  }

  /** Determines the leading attempt of each running task, and its expected end. */
  #estimateEnds(nowMs: number): void {
    this.#outlook.watch?.(this.#running, nowMs);
    for (const [task, attempts] of this.#running) {
      const remainingMs = ({ agent, startMs }: Attempt) =>
        Math.max(0, startMs - nowMs) +
        this.#outlook.remainingMs(task, agent, Math.max(0, nowMs - startMs), evenShare);
      if (attempts.length > 1) attempts.sort((one, other) => remainingMs(one) - remainingMs(other));
      const [ahead] = attempts;
      this.#endMs[task] = ahead === undefined ? nowMs : nowMs + remainingMs(ahead);
    }
  }

  /** Determines when each slot is free. */
  #updateFreeTimes(room: Room, nowMs: number): void {
    const { slotFromMs, slotUntilMs } = this.#problem;
    const busy = new Map<number, number[]>();
    // A late agent would drop the task.
    for (const [task, [ahead]] of this.#running)
      if (ahead !== undefined)
        busy.set(ahead.agent, [...(busy.get(ahead.agent) ?? []), this.#endMs[task] ?? nowMs]);
    this.#slotsOf.forEach((slots, agent) => {
      const ends = busy.get(agent) ?? [];
      let free = room.of(agent);
      for (const slot of slots) {
        let fromMs = free-- > 0 ? nowMs : ends.pop();
        // Neither free nor in use: it comes later, or is away for an unknown time.
        const availableMs = slotFromMs[slot] ?? 0;
        fromMs ??= availableMs > nowMs ? availableMs : Number.POSITIVE_INFINITY;
        this.#free[slot]?.reset(fromMs, slotUntilMs[slot] ?? 0);
      }
    });
  }

  /** Assigns second copies to free agents without a task, for the tasks with the latest expected ends. */
  #copy(assignments: Assignment[], room: Room, nowMs: number): void {
    const running = [...this.#running].filter(([, attempts]) => attempts.length < attemptsMax);
    running.sort(([one], [other]) => (this.#endMs[other] ?? 0) - (this.#endMs[one] ?? 0) || one - other);
    for (const [task, attempts] of running) {
      const agent = this.#outrunner(task, attempts, room, nowMs);
      if (agent === -1) continue;
      room.occupy(agent);
      assignments.push({ task, agent });
    }
  }

  /**
   * Returns the free agent that would end the task earliest, if that is before its expected end. -1 if there
   * is none.
   */
  #outrunner(task: number, attempts: readonly Attempt[], room: Room, nowMs: number): number {
    const { demands, candidates, agentOfSlot, pinned } = this.#problem;
    const [ahead] = attempts;
    if (ahead === undefined || pinned[task] !== -1) return -1;
    // A copy costs only idle time, and matters for long tasks: so the task is assumed to be a long one.
    const elapsedMs = nowMs - ahead.startMs;
    const taskMs = elapsedMs + this.#outlook.remainingMs(task, ahead.agent, elapsedMs, longShare);
    const factor = taskMs / this.#outlook.expectedMs(task, ahead.agent);
    let best = -1;
    let bestEndMs = ahead.startMs + taskMs;
    for (const { agent, startMs } of attempts)
      bestEndMs = Math.min(bestEndMs, startMs + this.#outlook.expectedMs(task, agent) * factor);
    for (const slot of candidates[demands[task] ?? 0] ?? []) {
      const agent = agentOfSlot[slot] ?? 0;
      if (room.idle(agent) === 0 || attempts.some((attempt) => attempt.agent === agent)) continue;
      const ends = nowMs + this.#outlook.expectedMs(task, agent) * factor;
      if (ends >= bestEndMs || this.#isNeeded(slot, (ends - nowMs) * neededWithin, nowMs)) continue;
      best = agent;
      bestEndMs = ends;
    }
    return best;
  }

  /** Returns whether another task is planned there within this time. */
  #isNeeded(slot: number, withinMs: number, nowMs: number): boolean {
    return (this.#free[slot]?.earliest(nowMs, withinMs) ?? Number.POSITIVE_INFINITY) > nowMs;
  }

  /** Places a task where it is expected to end earliest. Returns its start there. */
  #place(task: number, nowMs: number): number {
    const { demands, candidates, agentOfSlot, pinned, releaseMs } = this.#problem;
    const pinnedAgent = pinned[task] ?? -1;
    const readyMs = Math.max(nowMs, releaseMs[task] ?? 0);
    let best = -1;
    let bestAgent = -1;
    let bestStartMs = Number.POSITIVE_INFINITY;
    let bestTaskMs = 0;
    let bestReadyMs = 0;
    for (const slot of candidates[demands[task] ?? 0] ?? []) {
      const agent = agentOfSlot[slot] ?? 0;
      if (pinnedAgent !== -1 && pinnedAgent !== agent) continue;
      const taskMs = this.#outlook.expectedMs(task, agent);
      const inputsReadyMs = Math.max(readyMs, this.#inputsReadyMs(task, agent));
      if (inputsReadyMs + taskMs >= bestStartMs + bestTaskMs) continue;
      const startMs = this.#free[slot]?.earliest(inputsReadyMs, taskMs) ?? Number.POSITIVE_INFINITY;
      if (startMs + taskMs >= bestStartMs + bestTaskMs) continue;
      best = slot;
      bestAgent = agent;
      bestStartMs = startMs;
      bestTaskMs = taskMs;
      bestReadyMs = inputsReadyMs;
    }
    this.#agentOf[task] = bestAgent;
    this.#endMs[task] = bestStartMs + bestTaskMs;
    if (best !== -1) this.#free[best]?.occupy(bestReadyMs, bestTaskMs);
    return bestStartMs;
  }

  /** Returns when all inputs are expected at the agent. */
  #inputsReadyMs(task: number, agent: number): number {
    const { before, moveMs } = this.#problem;
    let latestMs = 0;
    for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++) {
      const other = before.targets[edge] ?? 0;
      const transferMs = this.#agentOf[other] === agent ? 0 : (moveMs[other] ?? 0);
      latestMs = Math.max(latestMs, (this.#endMs[other] ?? 0) + transferMs);
    }
    return latestMs;
  }
}

interface Attempt {
  readonly agent: number;
  readonly startMs: number;
}

/** Slots that could start a task: free ones, then those with a copy that will probably end second. */
class Room {
  readonly #free: Int32Array;
  readonly #behind = new Map<number, number[]>();
  remaining: number;

  constructor(agents: number, presence: Presence, running: ReadonlyMap<number, readonly Attempt[]>) {
    this.#free = Int32Array.from({ length: agents }, (_, agent) => presence.freeSlots(agent));
    this.remaining = this.#free.reduce((sum, slots) => sum + slots, 0);
    for (const [task, attempts] of running)
      for (const { agent } of attempts.slice(1)) {
        this.#behind.set(agent, [...(this.#behind.get(agent) ?? []), task]);
        this.remaining++;
      }
  }

  idle(agent: number): number {
    return this.#free[agent] ?? 0;
  }

  of(agent: number): number {
    return this.idle(agent) + (this.#behind.get(agent)?.length ?? 0);
  }

  occupy(agent: number): { readonly insteadOf?: number } {
    this.remaining--;
    if (this.idle(agent) > 0) {
      this.#free[agent] = this.idle(agent) - 1;
      return {};
    }
    const insteadOf = this.#behind.get(agent)?.pop();
    return insteadOf === undefined ? {} : { insteadOf };
  }
}

const states = { waiting: 0, ready: 1, running: 2, done: 3, outside: 4 } as const;
