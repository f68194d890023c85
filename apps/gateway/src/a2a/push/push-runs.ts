/**
 * A push configuration is a run of `a2a-push`, which the gateway starts and whose tasks it does itself. So it survives a
 * crash, is listed, and ends when it is cancelled.
 */
import { createHash } from "node:crypto";
import { internalLabel } from "@tutti/kernel";
import type { Run } from "@tutti/rest/types";

/** Its pool, and the service in whose name it is started. */
export const pushService = "a2a";
export const pushWorkflow = "a2a-push";

/** Labels by which its runs are found: the task and the configuration. */
export const pushLabels = { task: "a2a.push", config: "a2a.push-config" } as const;

export const pushCapabilities = { observe: "a2a.observe", post: "a2a.post" } as const;

/** Whether a run sends notifications. It is no task of an agent. */
export const isPush = ({ spec }: Run): boolean => spec?.labels[pushLabels.task] !== undefined;

/** A caller can add tasks to a run, but their ids differ from those of a round. */
export const isObserve = (taskId: string): boolean => /^push#\d+\.observe$/.test(taskId);
export const isPost = (taskId: string): boolean => /^push#\d+\.post$/.test(taskId);

/** @param round how often the configuration was deleted before */
export function pushRunId(taskId: string, configId: string, round: number): string {
  const seed = JSON.stringify([taskId, configId, round]);
  return `a2a-push-${createHash("sha256").update(seed).digest("hex").slice(0, 32)}`;
}

/**
 * Each round observes one change and posts it. The output of `observe` is the body, so that each attempt of `post` sends
 * the same. A round without a change ends after an hour, so that other tasks get the slot.
 */
export const pushDefinition = JSON.stringify({
  workflow: pushWorkflow,
  description:
    "Sends the states of an A2A task to the URL of a client. The gateway starts it and runs its tasks.",
  labels: { [internalLabel]: "true" },
  onFailure: "keep",
  tasks: {
    push: {
      loop: {
        max: 1_000_000,
        initial: "",
        until: "${{ tasks.observe.output.ended }}",
        tasks: {
          observe: {
            uses: pushCapabilities.observe,
            with: "${{ round.last }}",
            retry: { attempts: 1_000_000, backoff: "1s..1m", jitter: 0.2 },
          },
          post: {
            uses: pushCapabilities.post,
            needs: ["observe"],
            when: "${{ tasks.observe.output.changed }}",
            with: "${{ tasks.observe.output.body }}",
            // A waiting `observe` must not take its slot.
            priority: 10,
            retry: { attempts: 1_000, backoff: "1s..10m", jitter: 0.2 },
            timeout: { total: "24h" },
          },
        },
        output: "${{ tasks.observe.output.shown }}",
      },
    },
  },
  output: "${{ null }}",
});
