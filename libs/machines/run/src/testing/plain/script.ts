/** The answers of agents in a made-up world: for each task and attempt its output, for any agent and time. */
import type { Json } from "@tutti/expressions";

/** A rule that has people asked before an output counts. */
export interface PlainRule {
  /** No particular people if it is empty. */
  readonly by: readonly string[];
  readonly needed: number;
}

/** What one attempt comes to. */
export type Answer =
  | { readonly gives: Json; readonly asks?: readonly PlainRule[] }
  /** Gives back what it was given. */
  | { readonly echoes: true; readonly asks?: readonly PlainRule[] }
  | {
      readonly fails: string;
      /** Says itself that trying again is of no use. */
      readonly isFinal?: boolean;
    }
  /** Its pool ends it, since no agent takes it, it takes too long, or its agent gives no sign of life. */
  | { readonly hangs: "queue" | "run" | "heartbeat" }
  /** Every worker that takes it dies. */
  | { readonly dies: true };

/**
 * By the task's id, and `undo ID` for the undoing of its effect: the answers of its attempts in order. The last one is
 * that of all others. `ID!2` has those of the second visit and all that follow. A task without an entry is
 * done, and
 * echoes. Entries and rounds that are not named do as their task does.
 */
export type Script = Readonly<Record<string, readonly Answer[]>>;

/**
 * @param attempt of this visit, from 1
 * @param visit how often the task was started, from 1
 */
export function answerOf(script: Script, taskId: string, attempt: number, visit = 1): Answer {
  if (attempt < 1 || visit < 1)
    throw new RangeError(`expected attempts and visits from 1, found ${attempt} of ${visit} at ${taskId}`);
  const answers = answersOf(script, taskId, visit) ?? answersOf(script, withoutEntries(taskId), visit) ?? [];
  return answers[Math.min(attempt, answers.length) - 1] ?? { echoes: true };
}

function answersOf(script: Script, taskId: string, visit: number): readonly Answer[] | undefined {
  for (let seen = visit; seen > 1; seen--) {
    const answers = script[visitOf(taskId, seen)];
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

/**
 * Returns the error of an attempt that was not answered well, and whether its sender thinks that another one is of no
 * use.
 */
export function failureOf(answer: Answer): { readonly code: string; readonly isFinal: boolean } | undefined {
  if ("fails" in answer) return { code: answer.fails, isFinal: answer.isFinal ?? false };
  if ("hangs" in answer) return { code: poolErrors[answer.hangs], isFinal: answer.hangs === "queue" };
  if ("dies" in answer) return { code: lostCode, isFinal: true };
  return undefined;
}

/** What a task fails with whose workers die of it. */
export const lostCode = "workflow.agent_lost";

/** What pools say. */
const poolErrors = {
  queue: "matching.queue_timed_out",
  run: "matching.run_timed_out",
  heartbeat: "matching.heartbeat_missed",
} as const;
