/** The hooks of a pool, as tasks see them. */
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
  /** Notifies the hooks of an assignment. */
  assigned(task: Task, nowMs: number): void;
  /** Accepts the result of a task. Returns whether hooks hold that result. */
  holdsResult(task: Task, agentId: string, nowMs: number): boolean;
  /** Notifies the hooks of a result that counts. */
  counted(task: Task, agentId: string, nowMs: number): void;
  /** Handles the due time of a held task. */
  expire(task: Task, nowMs: number): void;
  /** Drops the open questions about a task. */
  drop(task: Task): void;
  /** Releases the task from all hooks. */
  release(task: Task): void;
}

/** A task that a hook denied. */
export interface DeniedTask {
  readonly task: Task;
  readonly error: ErrorDetail;
  readonly atMs: number;
}
