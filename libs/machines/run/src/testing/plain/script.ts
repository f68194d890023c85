/** What agents do in a made-up world: for each task and attempt what it gives, whoever makes it and whenever. */
import type { Json } from "@tutti/expressions";

/** What one attempt comes to. */
export type Answer =
  | { readonly gives: Json }
  /** Gives back what it was given. */
  | { readonly echoes: true }
  | {
      readonly fails: string;
      /** Says itself that trying again is of no use. */
      readonly isFinal?: boolean;
    };

/**
 * By the task's id, and `undo ID` for the undoing of its effect: the answers of its attempts in order; the last one is that
 * of all others. What stands nowhere is done, and echoes. Entries and rounds that are not named do as their task does.
 */
export type Script = Readonly<Record<string, readonly Answer[]>>;

/** @param attempt of this visit, from 1 */
export function answerOf(script: Script, taskId: string, attempt: number): Answer {
  const answers = script[taskId] ?? script[withoutEntries(taskId)] ?? [];
  return answers[Math.min(attempt, answers.length) - 1] ?? { echoes: true };
}

export function undoOf(taskId: string): string {
  return `undo ${taskId}`;
}

function withoutEntries(taskId: string): string {
  return taskId.replaceAll(/\[\d+\]|#\d+/g, "");
}
