/**
 * The answers of agents in a simulated world: the output of each task and attempt, for any agent and time.
 */
import type { Json } from "@tutti/expressions";

/** A rule that asks people before an output counts. */
export interface PlainRule {
  /** Allowed people. Empty means any. */
  readonly by: readonly string[];
  readonly needed: number;
}

/** Outcome of one attempt. */
export type Answer =
  | { readonly gives: Json; readonly asks?: readonly PlainRule[] }
  /** Returns its input. */
  | { readonly echoes: true; readonly asks?: readonly PlainRule[] }
  | {
      readonly fails: string;
      /** Whether it reports that a retry is useless. */
      readonly isFinal?: boolean;
    }
  /** The pool ends it: no agent takes it, it takes too long, or its agent sends no heartbeat. */
  | { readonly hangs: "queue" | "run" | "heartbeat" }
  /** Every worker that executes it dies. */
  | { readonly dies: true };

/**
 * Answers of attempts in order, by the id of the task, or `undo ID` for its compensation. The last answer
 * applies to all further attempts. `ID!2` has those of the second visit and all that follow. A task without
 * an entry completes and returns its input. Entries and rounds without an entry use that of their task.
 */
export type Script = Readonly<Record<string, readonly Answer[]>>;

/**
 * @param attempt number in this visit, from 1
 * @param visit number of starts of the task, from 1
 */
export function answerOf(script: Script, taskId: string, attempt: number, visit = 1): Answer {
  if (attempt < 1 || visit < 1)
    throw new RangeError(`expected attempts and visits from 1, got ${attempt} of ${visit} at ${taskId}`);
  const answers = answersOf(script, taskId, visit) ?? answersOf(script, withoutEntries(taskId), visit) ?? [];
  return answers[Math.min(attempt, answers.length) - 1] ?? { echoes: true };
}

function answersOf(script: Script, taskId: string, visit: number): readonly Answer[] | undefined {
  for (let earlier = visit; earlier > 1; earlier--) {
    const answers = script[visitOf(taskId, earlier)];
    if (answers !== undefined) return answers;
  }
  return script[taskId];
}

export function visitOf(taskId: string, visit: number): string {
  return `${taskId}!${visit}`;
}

export function undoOf(taskId: string): string {
  return `undo ${taskId}`;
}

function withoutEntries(taskId: string): string {
  return taskId.replaceAll(/\[\d+\]|#\d+/g, "");
}

/** Returns the error of a failed attempt, and whether its sender reports it as final. */
export function failureOf(answer: Answer): { readonly code: string; readonly isFinal: boolean } | undefined {
  if ("fails" in answer) return { code: answer.fails, isFinal: answer.isFinal ?? false };
  if ("hangs" in answer) return { code: poolErrors[answer.hangs], isFinal: answer.hangs === "queue" };
  if ("dies" in answer) return { code: lostCode, isFinal: true };
  return undefined;
}

/** Error of a task whose workers die. */
export const lostCode = "workflow.agent_lost";

/** Error codes of pools. */
const poolErrors = {
  queue: "matching.queue_timed_out",
  run: "matching.run_timed_out",
  heartbeat: "matching.heartbeat_missed",
} as const;
