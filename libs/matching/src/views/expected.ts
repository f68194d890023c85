/**
 * The expected start of a waiting task: from the durations of attempts at its capability, the elapsed time of
 * running ones, and the tasks before it. There is no estimate if nothing was learned yet, or if the task
 * waits for something other than time.
 */

import { toTimestamp } from "@tutti/kernel";
import { isEverFit } from "../demand/fit.ts";
import type { LearnedTimes } from "../match/learned-times.ts";
import { isStill, type LiveSettings } from "../settings.ts";
import type { Running } from "../task/running.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";

export class StartEstimates {
  readonly #settings: LiveSettings;
  readonly #times: LearnedTimes;
  readonly #tasks: Tasks;
  readonly #running: Running;

  constructor(settings: LiveSettings, times: LearnedTimes, tasks: Tasks, running: Running) {
    this.#settings = settings;
    this.#times = times;
    this.#tasks = tasks;
    this.#running = running;
  }

  startMs(task: Task, nowMs: number): number | undefined {
    const { judging, stage, extras } = task;
    if (isStill(this.#settings.current) || stage === "away" || stage === "ganged") return undefined;
    if (stage === "hooked")
      return judging?.question === 0 && judging.heldBy !== "" ? judging.dueMs : undefined;
    const usualMs = this.#times.quantileMs(task.demand.requirements.capability, 0.5);
    const limit = extras?.limits.find(({ id }) => id === extras.waitsFor);
    if (limit !== undefined) {
      const { paceDueMs, allowance, waiting } = limit;
      const { maxConcurrent } = allowance;
      if (paceDueMs !== Number.POSITIVE_INFINITY) return Math.max(nowMs, paceDueMs);
      if (usualMs === undefined || maxConcurrent === 0) return undefined;
      const ends = endsOf(
        this.#tasks.values(),
        (other) => other.extras?.limits.includes(limit) === true,
        usualMs,
        nowMs,
      );
      return startAfter(ends, Math.max(0, waiting - 1), usualMs);
    }
    const agents = task.demand.matches.flatMap(({ cohort }) =>
      [...cohort.agents].filter((agent) => agent.isAble && isEverFit(agent, task.demand.fit)),
    );
    if (agents.length === 0 || usualMs === undefined) return undefined;
    if (agents.some(({ hasRoom }) => hasRoom)) return nowMs;
    const running = agents.flatMap((agent) => [...this.#running.tasksOf(agent)]);
    return startAfter(
      endsOf(running, () => true, usualMs, nowMs),
      before(task),
      usualMs,
    );
  }
}

/** Number of attempts whose ends are computed. */
const attemptsCheckedMax = 10_000;

/** Returns the time in the form of the contract. */
export function momentOf(ms: number | undefined) {
  return ms === undefined ? undefined : toTimestamp(ms);
}

/** Returns the expected ends of running tasks, the first one first. */
function endsOf(
  tasks: Iterable<Task>,
  isMatch: (task: Task) => boolean,
  usualMs: number,
  nowMs: number,
): number[] {
  const ends: number[] = [];
  for (const task of tasks) {
    if (task.stage !== "working" || !isMatch(task)) continue;
    // An attempt that has taken longer than usual may end at any time.
    ends.push(Math.max(nowMs, (task.startedMs || task.assignedMs) + usualMs));
    if (ends.length >= attemptsCheckedMax) break;
  }
  return ends.sort((one, other) => one - other);
}

/** Returns the expected start: each end lets one task start, which takes the usual time. */
function startAfter(ends: readonly number[], count: number, usualMs: number): number | undefined {
  if (ends.length === 0) return undefined;
  const rounds = Math.floor(count / ends.length);
  return (ends[count % ends.length] ?? 0) + rounds * usualMs;
}

/** Returns the number of tasks before it. Namespaces take turns: each other one counts as many as its own. */
function before({ share, demand, rank, order }: Task): number {
  if (share === undefined) return 0;
  let own = 0;
  for (const other of share.tasks())
    if (other.rank < rank || (other.rank === rank && other.order < order)) own++;
  let all = own;
  for (const other of demand.shares) if (other !== share) all += Math.min(own + 1, other.size);
  return all;
}
