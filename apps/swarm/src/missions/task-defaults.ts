/** Defaults of tasks without a retry policy, or with needs without a condition. */
import type { MissionSpec } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { withNeedConditions } from "@tutti/definitions";
import { type ConfiguredRetry, resolveRetry, retryMessage, retryOfPool } from "@tutti/kernel";

/**
 * Returns the tasks with the conditions of their needs, and with the configured retry policy of their pool. A
 * child retries its own tasks.
 * @param mission called only if the configuration sets something
 */
export async function withDefaults(
  tasks: readonly TaskSpec[],
  configured: ConfiguredRetry | undefined,
  mission: () => Partial<Pick<MissionSpec, "pool">> | Promise<Partial<Pick<MissionSpec, "pool">>>,
): Promise<TaskSpec[]> {
  const conditioned = withNeedConditions(tasks);
  if (configured === undefined) return conditioned;
  const { pool: ofMission = "" } = await mission();
  return conditioned.map((task) => {
    const { retry, work, placement } = task;
    if (retry !== undefined || work?.$case !== "capability") return task;
    const settings = retryOfPool(configured, placement?.pool || ofMission);
    return { ...task, retry: retryMessage(resolveRetry(settings)) };
  });
}
