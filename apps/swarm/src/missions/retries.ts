/** Retry defaults of tasks that come in without `retry`. */
import type { MissionSpec } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { type ConfiguredRetry, resolveRetry, retryMessage, retryOfPool } from "@tutti/kernel";

/**
 * Returns the tasks with the retry policy that the configuration sets for their pool. A child retries its own tasks.
 * @param mission called only if the configuration sets something
 */
export async function withRetry(
  tasks: readonly TaskSpec[],
  configured: ConfiguredRetry | undefined,
  mission: () => Partial<Pick<MissionSpec, "pool">> | Promise<Partial<Pick<MissionSpec, "pool">>>,
): Promise<TaskSpec[]> {
  if (configured === undefined) return [...tasks];
  const { pool: ofMission = "" } = await mission();
  return tasks.map((task) => {
    const { retry, work, placement } = task;
    if (retry !== undefined || work?.$case !== "capability") return task;
    const settings = retryOfPool(configured, placement?.pool || ofMission);
    return { ...task, retry: retryMessage(resolveRetry(settings)) };
  });
}
