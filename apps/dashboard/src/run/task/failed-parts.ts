import type { TaskFacts } from "../model/facts.ts";

interface FailedParts {
  /**
   * Returns the ids of entries, rounds and additions that failed, without those that failed because of their own
   * parts.
   */
  readonly failed: readonly string[];
  /** The parts that were cancelled then. */
  readonly cancelled: readonly string[];
}

/** Returns the failed parts of a task, or, without one, of all tasks of the run. */
export function failedPartsOf(tasks: readonly TaskFacts[], within: string): FailedParts {
  const owners = new Set(tasks.filter(({ state }) => state === "failed").map(({ parentId }) => parentId));
  const isPart = ({ parentId }: TaskFacts) => (within === "" ? parentId !== "" : parentId === within);
  const parts = tasks.filter(isPart);
  const idsOf = (state: TaskFacts["state"]) =>
    parts.filter((task) => task.state === state && !owners.has(task.id)).map(({ id }) => id);
  return { failed: idsOf("failed"), cancelled: idsOf("cancelled") };
}
