/** Compares pauses before a retry. They contain a random part, so the recorded pause only has to be possible. */
import { AttemptFailedV1 } from "@tutti/contracts/workflow/v1";
import { printDuration } from "@tutti/definitions";
import type { Run } from "@tutti/machine-run";
import { findNode } from "@tutti/machine-run/reading";
import type { StagedEvent } from "../stage.ts";

/**
 * Returns the difference. Undefined if the changed definition could have the same pause. The replay has the longest
 * one.
 */
export function pauseDiffers(
  { type, payload }: StagedEvent,
  changed: Run,
  task: string,
): { readonly expected: string; readonly found: string } | undefined {
  if (type !== "attempt_failed") return undefined;
  const recorded = AttemptFailedV1.decode(payload);
  const pauseMs = recorded.retryMs - recorded.endMs;
  const node = changed.nodes[findNode(changed, task) ?? -1];
  if (node?.more === undefined) return undefined;
  const { retry } = node.range.plan.policy(node.range.plan.task(node.task));
  const longestMs = node.more.dueMs - recorded.endMs;
  const shortestMs = Math.min(longestMs, longestMs * (1 - retry.jitter));
  if (pauseMs <= longestMs + 1 && pauseMs >= shortestMs - 1) return undefined;
  const range =
    shortestMs === longestMs
      ? printDuration(longestMs)
      : `${printDuration(Math.round(shortestMs))} to ${printDuration(Math.round(longestMs))}`;
  return { expected: `tried again after ${printDuration(pauseMs)}`, found: `a pause of ${range}` };
}
