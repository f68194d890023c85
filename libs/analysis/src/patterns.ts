/** Finds recurring patterns of work: retry storms, sequences of failures, failures with a rhythm. */
import { type AttemptFact, attemptsByTask, attemptsByWork } from "./facts.ts";
import { chanceOfHits } from "./statistics.ts";

export interface PatternFound {
  readonly kind: "retry_storm" | "failure_sequence" | "failure_rhythm";
  readonly definition: string;
  readonly task: string;
  /** `failure_sequence`: the task whose failure follows. `failure_rhythm`: `minute 0 of the hour`, `hour 3 of the day`. */
  readonly detail: string;
  readonly count: number;
  readonly share: number;
  /** Cost in milliseconds. */
  readonly ms: number;
  readonly startMs: number;
  readonly examples: readonly string[];
}

const tasksMin = 10;
const stormAttempts = 3;
const stormShare = 0.2;
const falseAlarms = 0.001;
const examplesMax = 10;

export function patternsOf(attempts: readonly AttemptFact[]): PatternFound[] {
  const byTask = Map.groupBy(attempts, (each) => `${each.definition}\n${each.definitionTask}`);
  const found = [...byTask.values()].flatMap((list) => [...storm(list), ...rhythm(list)]);
  const byDefinition = Map.groupBy(attempts, ({ definition }) => definition);
  for (const list of byDefinition.values()) found.push(...sequences(list));
  return found.sort((one, other) => other.count - one.count);
}

/** Finds retry storms: many tasks with many attempts. */
function storm(attempts: readonly AttemptFact[]): PatternFound[] {
  const [{ definition, definitionTask: task } = attempts[0] as AttemptFact] = attempts;
  const tasks = attemptsByTask(attempts);
  const stormy = tasks.filter((list) => list.length >= stormAttempts);
  const share = stormy.length / tasks.length;
  if (tasks.length < tasksMin || share < stormShare) return [];
  const failed = stormy.flat().filter(({ status }) => status === "failed");
  return [
    {
      kind: "retry_storm",
      definition,
      task,
      detail: "",
      count: failed.length,
      share,
      ms: failed.reduce((sum, { startedMs, endedMs }) => sum + endedMs - startedMs, 0),
      ...startAndExamples(failed),
    },
  ];
}

/** Finds rhythms: failures concentrated in one minute of the hour, or one hour of the day. */
function rhythm(attempts: readonly AttemptFact[]): PatternFound[] {
  const [{ definition, definitionTask: task } = attempts[0] as AttemptFact] = attempts;
  const failed = attempts.filter(({ status }) => status === "failed");
  if (failed.length < tasksMin) return [];
  const clocks = [
    { word: "minute", of: "the hour", unitMs: 60_000, units: 60 },
    { word: "hour", of: "the day (UTC)", unitMs: 3_600_000, units: 24 },
  ];
  for (const { word, of, unitMs, units } of clocks) {
    const unitOf = ({ endedMs }: AttemptFact) => Math.floor(endedMs / unitMs) % units;
    const rounds = new Set(failed.map(({ endedMs }) => Math.floor(endedMs / (unitMs * units))));
    // A few occurrences are no rhythm.
    if (rounds.size < 3) continue;
    for (const [unit, list] of Map.groupBy(failed, unitOf)) {
      const inUnit = attempts.filter((each) => unitOf(each) === unit).length;
      const share = list.length / failed.length;
      const chance = units * chanceOfHits(list.length, failed.length, inUnit, attempts.length);
      const roundsHit = new Set(list.map(({ endedMs }) => Math.floor(endedMs / (unitMs * units)))).size;
      if (share < 0.5 || chance >= falseAlarms || roundsHit < 3) continue;
      const detail = `${word} ${unit} of ${of}`;
      return [
        {
          kind: "failure_rhythm",
          definition,
          task,
          detail,
          count: list.length,
          share,
          ms: 0,
          ...startAndExamples(list),
        },
      ];
    }
  }
  return [];
}

/** Finds sequences: the failure of one task followed by the failure of another, in the same work. */
function sequences(attempts: readonly AttemptFact[]): PatternFound[] {
  const works = [...attemptsByWork(attempts).values()];
  if (works.length < tasksMin) return [];
  const failures = new Map<string, Map<AttemptFact["workId"], AttemptFact>>();
  for (const list of works)
    for (const attempt of list) {
      if (attempt.status !== "failed") continue;
      const ofTask = failures.get(attempt.definitionTask) ?? new Map<string, AttemptFact>();
      failures.set(attempt.definitionTask, ofTask);
      if (!ofTask.has(attempt.workId)) ofTask.set(attempt.workId, attempt);
    }
  const tasks = [...failures].filter(([, { size }]) => size >= 5);
  const tests = tasks.length ** 2;
  return tasks.flatMap(([first, one]) =>
    tasks.flatMap(([second, other]) => {
      if (first === second) return [];
      const both = [...one].flatMap(([work, attempt]) => {
        const next = other.get(work);
        return next !== undefined && next.endedMs > attempt.endedMs ? [next] : [];
      });
      const chance = tests * chanceOfHits(both.length, other.size, one.size, works.length);
      const share = both.length / one.size;
      if (both.length < 5 || share < 0.5 || chance >= falseAlarms) return [];
      const { definition } = both[0] as AttemptFact;
      return [
        {
          kind: "failure_sequence" as const,
          definition,
          task: first,
          detail: second,
          count: both.length,
          share,
          ms: 0,
          ...startAndExamples(both),
        },
      ];
    }),
  );
}

function startAndExamples(attempts: readonly AttemptFact[]): { startMs: number; examples: string[] } {
  return {
    startMs: attempts.reduce((first, { endedMs }) => Math.min(first, endedMs), Number.POSITIVE_INFINITY),
    examples: [...new Set(attempts.map(({ workId }) => workId))].slice(0, examplesMax),
  };
}
