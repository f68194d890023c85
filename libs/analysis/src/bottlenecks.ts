/**
 * Finds the parts of work that cost the most time.
 *
 * 1. The critical path of a run is read backwards from its last attempt. An attempt waited for the previous attempt of
 *    its task, or for the last attempt that ended before it was queued. So the path needs no graph, and is also valid
 *    for growing graphs.
 * 2. A gain is computed by replay without the removed time. In the replay an attempt starts after all attempts that had
 *    ended before it was queued. The gain is a lower bound, because an attempt may not have needed all of these.
 */
import { type AttemptFact, attemptsByWork, type WorkFact, workKey } from "./facts.ts";

export type Part = "queue" | "run" | "retry" | "pause";

export interface Segment {
  readonly part: Part;
  readonly attempt: AttemptFact;
  readonly ms: number;
}

export interface BottleneckFound {
  readonly part: Part;
  readonly definition: string;
  readonly task: string;
  readonly uses: string;
  readonly pool: string;
  /** Sum over the critical paths. */
  readonly ms: number;
  /** Share of the time of all work of the definition. */
  readonly share: number;
  readonly works: number;
  /**
   * Reduction of the time from start to end without this part, by replay, as a share. For `run`: with half of its time.
   */
  readonly gain: number;
  readonly startMs: number;
  readonly examples: readonly string[];
}

/** An attempt may be recorded as queued a little before the end of the attempt that it waited for. */
const togetherMs = 2;
const examplesMax = 5;

export function criticalPath(work: WorkFact, attempts: readonly AttemptFact[]): Segment[] {
  const sorted = attempts.toSorted((one, other) => one.endedMs - other.endedMs);
  const path: Segment[] = [];
  const last = sorted.at(-1);
  let current = last;
  while (current !== undefined) {
    const attempt: AttemptFact = current;
    const previousAttempt =
      attempt.attempt === 1
        ? -1
        : sorted.findLastIndex(
            ({ task, attempt: number }) => task === attempt.task && number === attempt.attempt - 1,
          );
    const place =
      previousAttempt >= 0
        ? previousAttempt
        : lastEndedBefore(sorted, attempt.queuedMs + togetherMs, attempt);
    const before = place < 0 ? undefined : sorted[place];
    const failed = attempt.status === "failed" && attempt !== last;
    const add = (part: Part, ms: number) => ms > 0 && path.push({ part, attempt, ms });
    add(failed ? "retry" : "run", attempt.endedMs - attempt.startedMs);
    add("queue", attempt.startedMs - attempt.queuedMs);
    const isRetry = before?.task === attempt.task && before.status === "failed";
    add(isRetry ? "retry" : "pause", attempt.queuedMs - (before?.endedMs ?? work.startedMs));
    if (place >= 0) sorted.length = place + 1;
    current = before;
  }
  return path.reverse();
}

/** Returns the index of the last attempt that ended by then, except the given one. Below 0 if there is none. */
function lastEndedBefore(sorted: readonly AttemptFact[], byMs: number, not: AttemptFact): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.endedMs ?? 0) <= byMs) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1] === not ? low - 2 : low - 1;
}

/** Returns the duration of the work if its attempts had other times. */
export function replayedMs(
  work: WorkFact,
  attempts: readonly AttemptFact[],
  timesOf: (attempt: AttemptFact) => {
    readonly queueMs: number;
    readonly runMs: number;
    readonly pauseMs?: number;
  },
): number {
  const byQueue = attempts.toSorted((one, other) => one.queuedMs - other.queuedMs);
  const byEnd = attempts.toSorted((one, other) => one.endedMs - other.endedMs);
  const ends = new Map<AttemptFact, number>();
  let [place, doneMs, doneWasMs, lastMs] = [0, work.startedMs, work.startedMs, work.startedMs];
  for (const attempt of byQueue) {
    for (; place < byEnd.length; place++) {
      const before = byEnd[place] as AttemptFact;
      if (before.endedMs > attempt.queuedMs + togetherMs || !ends.has(before)) break;
      doneMs = Math.max(doneMs, ends.get(before) ?? 0);
      doneWasMs = before.endedMs;
    }
    const { queueMs, runMs, pauseMs = Math.max(0, attempt.queuedMs - doneWasMs) } = timesOf(attempt);
    const endMs = doneMs + pauseMs + queueMs + runMs;
    ends.set(attempt, endMs);
    lastMs = Math.max(lastMs, endMs);
  }
  return lastMs - work.startedMs;
}

interface Sum {
  readonly of: Segment;
  ms: number;
  startMs: number;
  readonly works: Set<string>;
}

export interface BottleneckOptions {
  readonly most?: number;
  /** Share of the time of a definition below which a part is left out. Default: 0.1. */
  readonly shareMin?: number;
  /** Minimum number of works of a definition. Default: 5. */
  readonly worksMin?: number;
}

export function bottlenecksOf(
  works: readonly WorkFact[],
  attempts: readonly AttemptFact[],
  { most = 10, shareMin = 0.1, worksMin = 5 }: BottleneckOptions = {},
): BottleneckFound[] {
  const byWork = attemptsByWork(attempts);
  const byDefinition = Map.groupBy(
    works.filter((work) => byWork.has(workKey(work)) && work.endedMs > 0),
    ({ definition }) => definition,
  );
  const found = [...byDefinition.values()].flatMap((list) =>
    list.length < worksMin ? [] : ofDefinition(list, byWork, shareMin),
  );
  return found.sort((one, other) => other.ms - one.ms).slice(0, most);
}

function ofDefinition(
  works: readonly WorkFact[],
  byWork: ReadonlyMap<string, readonly AttemptFact[]>,
  shareMin: number,
): BottleneckFound[] {
  const sums = new Map<string, Sum>();
  let totalMs = 0;
  for (const work of works) {
    totalMs += Math.max(0, work.endedMs - work.startedMs);
    for (const segment of criticalPath(work, byWork.get(workKey(work)) ?? [])) {
      const { part, attempt } = segment;
      // All tasks of a capability share its queue.
      const key = part === "queue" ? `${attempt.pool} ${attempt.uses}` : attempt.definitionTask;
      const sum = sums.get(`${part} ${key}`) ?? {
        of: segment,
        ms: 0,
        startMs: attempt.queuedMs,
        works: new Set(),
      };
      sums.set(`${part} ${key}`, sum);
      sum.ms += segment.ms;
      sum.startMs = Math.min(sum.startMs, attempt.queuedMs);
      sum.works.add(work.id);
    }
  }
  return [...sums.values()]
    .filter(({ ms, works: touched }) => ms >= shareMin * totalMs && touched.size > 1)
    .map(({ of: { part, attempt }, ms, startMs, works: touched }) => ({
      part,
      definition: attempt.definition,
      task: part === "queue" ? "" : attempt.definitionTask,
      uses: attempt.uses,
      pool: attempt.pool,
      ms,
      share: ms / totalMs,
      works: touched.size,
      gain: gainOf(works, byWork, part, attempt),
      startMs,
      examples: [...touched].slice(0, examplesMax),
    }));
}

function gainOf(
  works: readonly WorkFact[],
  byWork: ReadonlyMap<string, readonly AttemptFact[]>,
  part: Part,
  { definitionTask, uses, pool }: AttemptFact,
): number {
  let [before, after] = [0, 0];
  for (const work of works) {
    const attempts = byWork.get(workKey(work)) ?? [];
    const asRecorded = (each: AttemptFact) => ({
      queueMs: each.startedMs - each.queuedMs,
      runMs: each.endedMs - each.startedMs,
    });
    const last = attempts.toSorted((one, other) => one.endedMs - other.endedMs).at(-1);
    before += replayedMs(work, attempts, asRecorded);
    after += replayedMs(work, attempts, (each) => {
      const times = asRecorded(each);
      if (part === "queue")
        return each.uses === uses && each.pool === pool ? { ...times, queueMs: 0 } : times;
      if (each.definitionTask !== definitionTask) return times;
      if (part === "run") return { ...times, runMs: times.runMs / 2 };
      if (part === "pause") return { ...times, pauseMs: 0 };
      // Retries cost the failed attempts before them. No retry follows the last attempt of the work.
      if (each.status === "failed" && each !== last) return { queueMs: 0, runMs: 0, pauseMs: 0 };
      return each.attempt > 1 ? { ...times, pauseMs: 0 } : times;
    });
  }
  return before <= 0 ? 0 : Math.max(0, 1 - after / before);
}
