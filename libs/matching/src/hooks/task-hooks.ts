/** The hooks of a pool, as the tasks that they hold need them. */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { Task } from "../task/task.ts";

/** The hooks of a pool. Undefined until the first hook is set: a pool without hooks pays nothing for them. */
export interface HookSlot {
  current: TaskHooks | undefined;
}

export interface TaskHooks {
  /** The last tasks that hooks denied. */
  readonly denied: readonly DeniedTask[];
  /** Returns whether hooks decide on a new task before it may wait for an agent. */
  receives(task: Task): boolean;
  /** A task was given to an agent. */
  assigned(task: Task, nowMs: number): void;
  /** A task has its result. Returns whether hooks hold that result. */
  holds(task: Task, agentId: string, nowMs: number): boolean;
  /** A result counts. */
  counted(task: Task, agentId: string, nowMs: number): void;
  /** The time of a held task has come. */
  expire(task: Task, nowMs: number): void;
  /** Drops the open questions about a task. */
  forget(task: Task): void;
  /** No hook holds the task any more. */
  release(task: Task): void;
}

/** A task that a hook denied. */
export interface DeniedTask {
  readonly task: Task;
  readonly error: ErrorDetail;
  readonly atMs: number;
}
