/** The critical path of a run: which task waited for which, from the last end backwards. */
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Task } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";

export function criticalPathOf(tasks: readonly Task[], nowMs: number): string[] {
  const graph = new StartedTasks(tasks, nowMs);
  return graph.pathIn("");
}

class StartedTasks {
  readonly #byId = new Map<string, Task>();
  readonly #parts = new Map<string, Task[]>();
  readonly #nowMs: number;

  constructor(tasks: readonly Task[], nowMs: number) {
    this.#nowMs = nowMs;
    for (const task of tasks) {
      this.#byId.set(task.taskId, task);
      if (endMsOf(task, nowMs) === undefined) continue;
      const parts = this.#parts.get(task.parentTaskId) ?? [];
      parts.push(task);
      this.#parts.set(task.parentTaskId, parts);
    }
  }

  /** Returns the path among the parts of a task, or of the run for an empty id, with nested parts. */
  pathIn(owner: string): string[] {
    const visited = new Set<string>();
    const path: string[][] = [];
    let last = this.#latest(this.#parts.get(owner) ?? []);
    while (last !== undefined && !visited.has(last.taskId)) {
      visited.add(last.taskId);
      path.push([last.taskId, ...this.pathIn(last.taskId)]);
      last = this.#latest(this.#needsOf(last));
    }
    return path.reverse().flat();
  }

  #latest(tasks: readonly Task[]): Task | undefined {
    let latest: Task | undefined;
    let latestMs = Number.NEGATIVE_INFINITY;
    for (const task of tasks) {
      const endMs = endMsOf(task, this.#nowMs);
      if (endMs === undefined || endMs <= latestMs) continue;
      latest = task;
      latestMs = endMs;
    }
    return latest;
  }

  /**
   * Returns the needs, which have their names in the definition. In a round, and after a transition, the ids
   * contain its number.
   */
  #needsOf({ taskId, parentTaskId, needs }: Task): Task[] {
    const hash = taskId.indexOf("#", parentTaskId.length);
    const dot = taskId.indexOf(".", hash);
    const before = hash < 0 || dot < 0 ? "" : taskId.slice(0, dot + 1);
    const behind = hash < 0 || dot >= 0 ? "" : taskId.slice(hash);
    return needs.flatMap(({ task }) => this.#byId.get(`${before}${task}${behind}`) ?? []);
  }
}

/** Undefined for a task that has not started, or was skipped. */
function endMsOf({ status, readyTime, endTime }: Task, nowMs: number): number | undefined {
  if (status === TaskStatus.TASK_STATUS_SKIPPED) return undefined;
  if (endTime !== undefined) return fromTimestamp(endTime);
  return readyTime === undefined ? undefined : nowMs;
}
