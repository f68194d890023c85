/** Profiles the work of one definition: outcomes, durations, tasks and the paths of runs. */
import { criticalPath, type Part } from "./bottlenecks.ts";
import { type AttemptFact, attemptsByTask, attemptsByWork, type WorkFact, workKey } from "./facts.ts";
import { quantile, sortedCopy } from "./statistics.ts";

export interface TaskOfProfile {
  readonly task: string;
  readonly count: number;
  readonly success: number;
  /** Mean number of attempts. */
  readonly attempts: number;
  readonly waitedMs: number;
  readonly runMs: readonly number[];
  /** Share of the works with the task on their critical path. */
  readonly critical: number;
  readonly partsMs: Readonly<Partial<Record<Part, number>>>;
}

export interface PathOfProfile {
  readonly tasks: readonly string[];
  readonly share: number;
  readonly durationMs: number;
  readonly success: number;
}

export interface Profile {
  readonly count: number;
  readonly success: number;
  /** Quantiles 0.5, 0.9 and 0.99. */
  readonly durationMs: readonly number[];
  readonly tasks: readonly TaskOfProfile[];
  readonly paths: readonly PathOfProfile[];
}

const pathsMax = 20;
const quantiles = [0.5, 0.9, 0.99];

export function profileOf(works: readonly WorkFact[], attempts: readonly AttemptFact[]): Profile {
  const byWork = attemptsByWork(attempts);
  const criticals = works.map((work) => criticalPath(work, byWork.get(workKey(work)) ?? []));
  return {
    count: works.length,
    success: successOf(works),
    durationMs: quantilesOf(works.map(durationOf)),
    tasks: [...Map.groupBy(attempts, ({ definitionTask }) => definitionTask)]
      .map(([task, list]) => taskOf(task, list, criticals))
      .sort((one, other) => sumOf(Object.values(other.partsMs)) - sumOf(Object.values(one.partsMs))),
    paths: pathsOf(works, byWork),
  };
}

function taskOf(
  task: string,
  attempts: readonly AttemptFact[],
  criticals: readonly ReturnType<typeof criticalPath>[],
): TaskOfProfile {
  const done = attemptsByTask(attempts);
  const partsMs: Partial<Record<Part, number>> = {};
  let critical = 0;
  for (const path of criticals) {
    const own = path.filter(({ attempt }) => attempt.definitionTask === task);
    if (own.length > 0) critical++;
    for (const { part, ms } of own) partsMs[part] = (partsMs[part] ?? 0) + ms;
  }
  return {
    task,
    partsMs,
    count: done.length,
    success: done.filter((list) => list.some(({ status }) => status === "completed")).length / done.length,
    attempts: attempts.length / done.length,
    waitedMs: sumOf(attempts.map(({ queuedMs, startedMs }) => startedMs - queuedMs)) / attempts.length,
    runMs: quantilesOf(attempts.map(({ startedMs, endedMs }) => endedMs - startedMs)),
    critical: criticals.length === 0 ? 0 : critical / criticals.length,
  };
}

function pathsOf(
  works: readonly WorkFact[],
  byWork: ReadonlyMap<string, readonly AttemptFact[]>,
): PathOfProfile[] {
  const pathOf = (work: WorkFact) => {
    const attempts = byWork.get(workKey(work)) ?? [];
    const inOrder = attempts.toSorted((one, other) => one.queuedMs - other.queuedMs);
    // Tasks that were queued together are ordered by name, so that random order creates no paths.
    const tasks = [...new Set(inOrder.map(({ definitionTask }) => definitionTask))];
    const queuedMs = new Map(
      inOrder.toReversed().map(({ definitionTask, queuedMs: ms }) => [definitionTask, Math.round(ms / 50)]),
    );
    return tasks.sort(
      (one, other) => (queuedMs.get(one) ?? 0) - (queuedMs.get(other) ?? 0) || (one < other ? -1 : 1),
    );
  };
  return [...Map.groupBy(works, (work) => pathOf(work).join("\n"))]
    .map(([path, list]) => ({
      tasks: path === "" ? [] : path.split("\n"),
      share: list.length / works.length,
      durationMs: sumOf(list.map(durationOf)) / list.length,
      success: successOf(list),
    }))
    .sort((one, other) => other.share - one.share)
    .slice(0, pathsMax);
}

function successOf(works: readonly WorkFact[]): number {
  return works.length === 0 ? 0 : works.filter(({ status }) => status === "completed").length / works.length;
}

function quantilesOf(values: readonly number[]): number[] {
  const sorted = sortedCopy(values);
  return sorted.length === 0 ? [] : quantiles.map((share) => quantile(sorted, share));
}

const durationOf = ({ startedMs, endedMs }: WorkFact): number => endedMs - startedMs;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
