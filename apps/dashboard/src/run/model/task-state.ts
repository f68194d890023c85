/** The states of tasks and runs: words of the API, and small numbers for thousands of tasks. */

/** In the order of the contracts. The index of a word plus 1 is its number. 0 is a task that does not exist yet. */
export const taskStates = [
  "pending",
  "held",
  "queued",
  "running",
  "waiting",
  "retrying",
  "paused",
  "completed",
  "failed",
  "skipped",
  "cancelled",
  "compensating",
  "compensated",
] as const;

export type TaskState = (typeof taskStates)[number];

export const absent = 0;

const numbers: ReadonlyMap<string, number> = new Map(taskStates.map((state, place) => [state, place + 1]));

/** 0 for a word that this page does not know. */
export function numberOfState(state: string): number {
  return numbers.get(state) ?? absent;
}

export function stateOfNumber(number: number): TaskState | undefined {
  return taskStates[number - 1];
}

const ended: ReadonlySet<string> = new Set([
  "completed",
  "failed",
  "skipped",
  "cancelled",
  "compensated",
] satisfies TaskState[]);

export function hasTaskEnded(state: TaskState): boolean {
  return ended.has(state);
}

/** Order of importance: of many tasks, the state that a person should see first. */
const urgency: readonly TaskState[] = [
  "failed",
  "paused",
  "retrying",
  "compensating",
  "running",
  "waiting",
  "queued",
  "held",
  "pending",
  "cancelled",
  "compensated",
  "completed",
  "skipped",
];

const urgencies: ReadonlyMap<number, number> = new Map(
  urgency.map((state, place) => [numberOfState(state), place]),
);

/** Returns the number of the state that represents many tasks. 0 if none of them exists. */
export function mostUrgent(counts: ArrayLike<number>): number {
  let found = absent;
  for (let number = 1; number < counts.length; number++) {
    if ((counts[number] ?? 0) === 0) continue;
    if (found === absent || (urgencies.get(number) ?? 99) < (urgencies.get(found) ?? 99)) found = number;
  }
  return found;
}

export type RunState =
  | "pending"
  | "running"
  | "paused"
  | "cancelling"
  | "completed"
  | "failed"
  | "cancelled"
  | "terminated"
  | "continued"
  | "quarantined";

const endedRuns: ReadonlySet<string> = new Set([
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "continued",
] satisfies RunState[]);

export function hasRunEnded(state: RunState): boolean {
  return endedRuns.has(state);
}
