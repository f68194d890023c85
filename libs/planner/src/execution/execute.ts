/**
 * Executes work in virtual time: the result of a dispatcher's decisions for given durations. Every planner is
 * measured here, and a recorded session is replayed under another engine.
 *
 * 1. Exact: it goes from event to event. At each time all events are reported first, and then the dispatcher
 *    is asked.
 * 2. It is an error if a dispatcher breaks a rule: a task that is not ready, an agent that is not free or
 *    cannot do it.
 * 3. An input moves to the agent from the end of its task on. Until it arrives, the task has its slot and
 *    waits.
 * 4. A task whose agent leaves is lost and ready again. Tasks that never started or never ended are reported
 *    as left.
 * 5. A dispatcher may assign a running task to a second agent. The first end counts, and the other agent
 *    drops the task at once.
 * 6. Others may take slots for a while. If none is free, they get the next free one.
 * 7. A run, a mission or a plan has an overhead (`Delays`): no part learns of an end at once, and no agent
 *    starts at once.
 */
import { Heap } from "../structures/heap.ts";
import { durationMs, type Problem } from "../work/problem.ts";
import { type Delays, noDelays } from "./delays.ts";
import type { Dispatcher, Presence } from "./dispatcher.ts";

export interface Execution {
  readonly startMs: Float64Array;
  /** `NaN` for a task that did not end. */
  readonly endMs: Float64Array;
  readonly agentOf: Int32Array;
  /** When the last task ended, and that was known. */
  readonly makespanMs: number;
  /** Time of slots in use, including waits for inputs. */
  readonly busyMs: number;
  /** The same by agent. */
  readonly busyMsOf: Float64Array;
  /** Number of losses of tasks with their agents. */
  readonly losses: number;
  /** Number of second copies of running tasks. */
  readonly copies: number;
  /** Number of tasks that did not end: the dispatcher assigned nothing more, and no event was left. */
  readonly unfinished: number;
}

/** Executes a problem. Delays may differ by task, if several engines do the work. */
export function execute(
  problem: Problem,
  dispatcher: Dispatcher,
  delaysOf: (task: number) => Delays = () => noDelays,
): Execution {
  return new Run(problem, dispatcher, delaysOf).toEnd();
}

type Happening =
  | { readonly kind: "release"; readonly task: number }
  | { readonly kind: "free"; readonly agent: number }
  | { readonly kind: "take"; readonly agent: number }
  | { readonly kind: "leave"; readonly agent: number }
  | { readonly kind: "wake" }
  | { readonly kind: "end"; readonly attempt: Attempt };

interface Attempt {
  readonly task: number;
  readonly agent: number;
  readonly startMs: number;
  readonly endMs: number;
}

class Run implements Presence {
  readonly #problem: Problem;
  readonly #dispatcher: Dispatcher;
  readonly #delaysOf: (task: number) => Delays;
  readonly #happenings: Happening[] = [];
  readonly #times = new Heap();
  readonly #missing: Uint32Array;
  readonly #isReady: Uint8Array;
  /** Running attempts, in the order of their starts. */
  readonly #attempts = new Set<Attempt>();
  readonly #atWork: Uint8Array;
  readonly #free: Int32Array;
  readonly #hasLeft: Uint8Array;
  readonly #startMs: Float64Array;
  readonly #endMs: Float64Array;
  readonly #agentOf: Int32Array;
  /** Until when the engine is busy with earlier assignments. */
  #carryingMs = 0;
  readonly #busyMsOf: Float64Array;
  #losses = 0;
  #copies = 0;
  #done = 0;

  constructor(problem: Problem, dispatcher: Dispatcher, delaysOf: (task: number) => Delays) {
    this.#problem = problem;
    this.#dispatcher = dispatcher;
    this.#delaysOf = delaysOf;
    this.#missing = new Uint32Array(problem.tasks);
    this.#isReady = new Uint8Array(problem.tasks);
    this.#atWork = new Uint8Array(problem.tasks);
    this.#free = new Int32Array(problem.agents);
    this.#hasLeft = new Uint8Array(problem.agents);
    this.#startMs = new Float64Array(problem.tasks).fill(Number.NaN);
    this.#endMs = new Float64Array(problem.tasks).fill(Number.NaN);
    this.#agentOf = new Int32Array(problem.tasks).fill(-1);
    this.#busyMsOf = new Float64Array(problem.agents);
  }

  freeSlots(agent: number): number {
    return this.#hasLeft[agent] === 1 ? 0 : Math.max(0, this.#free[agent] ?? 0);
  }

  toEnd(): Execution {
    this.#initialize();
    while (this.#times.size > 0 && this.#done < this.#problem.tasks) {
      const nowMs = this.#times.leastKey;
      // The time of the last event can be infinite, and so is that of an empty heap.
      do this.#handle(this.#times.pop() ?? 0, nowMs);
      while (this.#times.size > 0 && this.#times.leastKey === nowMs);
      for (;;) {
        const next = this.#dispatcher.next(this, nowMs);
        if (next === undefined) break;
        if (next.insteadOf !== undefined) this.#cancelAttempt(next.insteadOf, next.agent, nowMs);
        this.#start(next.task, next.agent, nowMs);
      }
      const wakeMs = this.#dispatcher.wakeMs?.() ?? Number.POSITIVE_INFINITY;
      if (wakeMs > nowMs && wakeMs < this.#times.leastKey) this.#plan(wakeMs, { kind: "wake" });
    }
    return {
      startMs: this.#startMs,
      endMs: this.#endMs,
      agentOf: this.#agentOf,
      makespanMs: this.#makespanMs(),
      busyMs: this.#busyMsOf.reduce((sum, busyMs) => sum + busyMs, 0),
      busyMsOf: this.#busyMsOf,
      losses: this.#losses,
      copies: this.#copies,
      unfinished: this.#problem.tasks - this.#done,
    };
  }

  #makespanMs(): number {
    let latestMs = 0;
    this.#endMs.forEach((ended, task) => {
      const knownMs = ended + this.#delaysOf(task).endMs;
      if (knownMs > latestMs) latestMs = knownMs;
    });
    return latestMs;
  }

  #initialize(): void {
    const { tasks, slots, before, releaseMs, agentOfSlot, slotFromMs, slotUntilMs, taken } = this.#problem;
    for (let task = 0; task < tasks; task++) {
      this.#missing[task] = 1 + (before.offsets[task + 1] ?? 0) - (before.offsets[task] ?? 0);
      this.#plan((releaseMs[task] ?? 0) + this.#delaysOf(task).startMs, { kind: "release", task });
    }
    const planned = new Set<number>();
    for (let slot = 0; slot < slots; slot++) {
      const agent = agentOfSlot[slot] ?? 0;
      this.#plan(slotFromMs[slot] ?? 0, { kind: "free", agent });
      const untilMs = slotUntilMs[slot] ?? Number.POSITIVE_INFINITY;
      if (untilMs < Number.POSITIVE_INFINITY && !planned.has(agent))
        this.#plan(untilMs, { kind: "leave", agent });
      planned.add(agent);
    }
    for (const { agent, fromMs, untilMs } of taken) {
      this.#plan(fromMs, { kind: "take", agent });
      if (untilMs < Number.POSITIVE_INFINITY) this.#plan(untilMs, { kind: "free", agent });
    }
  }

  #plan(timeMs: number, happening: Happening): void {
    this.#times.push(timeMs, this.#happenings.length);
    this.#happenings.push(happening);
  }

  #handle(number: number, nowMs: number): void {
    const happening = this.#happenings[number];
    switch (happening?.kind) {
      case "release":
        this.#freeOf(happening.task, nowMs);
        break;
      case "free":
        this.#free[happening.agent] = (this.#free[happening.agent] ?? 0) + 1;
        this.#dispatcher.joined?.(happening.agent, nowMs);
        break;
      case "take":
        this.#free[happening.agent] = (this.#free[happening.agent] ?? 0) - 1;
        break;
      case "end":
        // Another copy may have ended first, or the attempt was lost.
        if (this.#attempts.has(happening.attempt)) this.#finish(happening.attempt, nowMs);
        break;
      case "leave":
        this.#removeAgent(happening.agent, nowMs);
        break;
      case "wake":
        break;
      case undefined:
        throw new RangeError(`expected an event with the number ${number}, got none`);
    }
  }

  /** Removes one obstacle of a task. */
  #freeOf(task: number, nowMs: number): void {
    const missing = (this.#missing[task] ?? 0) - 1;
    this.#missing[task] = missing;
    if (missing > 0) return;
    this.#isReady[task] = 1;
    this.#dispatcher.ready(task, nowMs);
  }

  #start(task: number, agent: number, nowMs: number): void {
    const taskMs = durationMs(this.#problem, task, agent);
    const isCopy = (this.#atWork[task] ?? 0) > 0;
    if (!isCopy && this.#isReady[task] !== 1)
      throw new RangeError(`expected a task that is ready, was given ${task}`);
    if (this.freeSlots(agent) <= 0)
      throw new RangeError(`expected an agent that is free, was given ${agent}`);
    if (isCopy && [...this.#attempts].some((other) => other.task === task && other.agent === agent))
      throw new RangeError(`expected another agent for task ${task}, was given ${agent} again`);
    if (taskMs === Number.POSITIVE_INFINITY)
      throw new RangeError(`expected an agent that can do task ${task}, was given ${agent}`);
    this.#isReady[task] = 0;
    this.#atWork[task] = (this.#atWork[task] ?? 0) + 1;
    this.#free[agent] = (this.#free[agent] ?? 0) - 1;
    if (isCopy) this.#copies++;
    const { beginMs, assignMs } = this.#delaysOf(task);
    this.#carryingMs = Math.max(this.#carryingMs, nowMs) + assignMs;
    const endMs = Math.max(this.#carryingMs + beginMs, this.#inputsReadyMs(task, agent)) + taskMs;
    const attempt = { task, agent, startMs: nowMs, endMs };
    this.#attempts.add(attempt);
    this.#plan(endMs, { kind: "end", attempt });
  }

  /** Returns when all inputs are at the agent. */
  #inputsReadyMs(task: number, agent: number): number {
    const { before, moves, moveMs } = this.#problem;
    if (!moves) return 0;
    let latestMs = 0;
    for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++) {
      const other = before.targets[edge] ?? 0;
      const transferMs = this.#agentOf[other] === agent ? 0 : (moveMs[other] ?? 0);
      latestMs = Math.max(latestMs, (this.#endMs[other] ?? 0) + transferMs);
    }
    return latestMs;
  }

  #finish(attempt: Attempt, nowMs: number): void {
    const { task, agent, startMs } = attempt;
    this.#releaseSlot(attempt, nowMs);
    if ((this.#atWork[task] ?? 0) > 0)
      for (const other of this.#attempts) if (other.task === task) this.#releaseSlot(other, nowMs);
    this.#agentOf[task] = agent;
    this.#startMs[task] = startMs;
    this.#endMs[task] = nowMs;
    this.#done++;
    this.#dispatcher.recordEnd(task, agent, durationMs(this.#problem, task, agent), nowMs);
    const { offsets, targets } = this.#problem.after;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++)
      this.#reportEnd(targets[edge] ?? 0, nowMs);
  }

  /** Reports the end of a task: at once, or after the delay of the engine. */
  #reportEnd(task: number, nowMs: number): void {
    const { turnMs, growMs } = this.#delaysOf(task);
    const delayMs = this.#problem.grown[task] === 1 ? growMs : turnMs;
    if (delayMs > 0) this.#plan(nowMs + delayMs, { kind: "release", task });
    else this.#freeOf(task, nowMs);
  }

  #cancelAttempt(task: number, agent: number, nowMs: number): void {
    if ((this.#atWork[task] ?? 0) < 2) throw new RangeError(`expected task ${task} to be running twice`);
    for (const attempt of this.#attempts)
      if (attempt.task === task && attempt.agent === agent) this.#releaseSlot(attempt, nowMs);
  }

  #releaseSlot(attempt: Attempt, nowMs: number): void {
    const { task, agent, startMs } = attempt;
    this.#attempts.delete(attempt);
    this.#atWork[task] = (this.#atWork[task] ?? 0) - 1;
    this.#free[agent] = (this.#free[agent] ?? 0) + 1;
    this.#busyMsOf[agent] = (this.#busyMsOf[agent] ?? 0) + nowMs - startMs;
  }

  #removeAgent(agent: number, nowMs: number): void {
    for (const attempt of [...this.#attempts]) {
      // An attempt that ends at the time of leaving has ended.
      if (attempt.agent !== agent || attempt.endMs <= nowMs) continue;
      this.#losses++;
      this.#releaseSlot(attempt, nowMs);
      this.#dispatcher.lost(attempt.task, agent, nowMs);
      if ((this.#atWork[attempt.task] ?? 0) > 0) continue;
      this.#isReady[attempt.task] = 1;
      this.#dispatcher.ready(attempt.task, nowMs);
    }
    this.#hasLeft[agent] = 1;
  }
}
