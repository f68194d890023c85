/** Tasks of a session as they are read: which part they belong to, whose work has them, and how they ended. */
import { NeedCondition, type TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";

export type Find = (problem: string) => void;

export interface ReadTask {
  readonly number: number;
  readonly spec: TaskSpec;
  /** -1 for none. */
  part: number;
  /** The part whose work has it, or is asked to take it; -1 for none. */
  at: number;
  status: TaskStatus;
  /** Its work was asked to let go of it, and did. */
  isFree: boolean;
}

export class ReadTasks {
  readonly all: ReadTask[] = [];
  readonly #byId = new Map<string, ReadTask>();
  readonly #find: Find;

  constructor(find: Find) {
    this.#find = find;
  }

  add(specs: readonly TaskSpec[]): void {
    for (const spec of specs) {
      const { TASK_STATUS_PENDING: status } = TaskStatus;
      const task = { number: this.all.length, spec, part: -1, at: -1, status, isFree: false };
      if (this.#byId.has(spec.id)) this.#find(`there are two tasks ${spec.id}`);
      this.all.push(task);
      this.#byId.set(spec.id, task);
    }
    for (const { id, needs } of specs)
      for (const { task } of needs)
        if (!this.#byId.has(task)) this.#find(`${id} needs ${task}, which is none`);
  }

  of(number: number): ReadTask {
    const task = this.all[number];
    if (task === undefined) throw new Error(`there is no task ${number}`);
    return task;
  }

  named(id: string): ReadTask | undefined {
    return this.#byId.get(id);
  }

  neededBy({ spec }: ReadTask): ReadTask[] {
    return spec.needs.flatMap(({ task }) => this.#byId.get(task) ?? []);
  }

  /** Returns whether it may start: all that it needs has ended. */
  isReady(task: ReadTask): boolean {
    return this.neededBy(task).every(({ status }) => isOver(status));
  }

  /** Returns whether others continue with its failure. */
  isAwaited({ spec: { id } }: ReadTask): boolean {
    return this.all.some(({ spec }) =>
      spec.needs.some(
        ({ task, condition }) =>
          task === id &&
          (condition === NeedCondition.NEED_CONDITION_FAILURE ||
            condition === NeedCondition.NEED_CONDITION_ALWAYS),
      ),
    );
  }

  followersOf({ spec: { id } }: ReadTask): ReadTask[] {
    return this.all.filter(({ spec }) => spec.needs.some(({ task }) => task === id));
  }
}

export function isOver(status: TaskStatus): boolean {
  return status >= TaskStatus.TASK_STATUS_COMPLETED && status <= TaskStatus.TASK_STATUS_CANCELLED;
}
